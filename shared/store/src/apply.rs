//! The exactly-once protocol.
//!
//! | step | why in this place |
//! |---|---|
//! | 1. read the newest line of every account | what is committed after this makes the put fail |
//! | 2. look the operation up by name | found: answer what it answered; swapped with 1, it could apply twice |
//! | 3. decide | pure: may be done again |
//! | 4. stamp the order marker, put the due marker | before the line that needs them |
//! | 5. put the next line, if there is none | the one write that counts |
//!
//! A lost race starts again at 1, a bounded number of times. So does a write of which nothing was
//! heard: the look-up then finds it, or it did not happen.

use std::time::{Duration, Instant as Stopwatch};

use scrip_domain::draft::Draft;
use scrip_domain::entry::{Decision, Entry, Line, Operation};
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;

use crate::append::Setback;
use crate::canonical::Hash;
use crate::document;
use crate::error::StoreError;
use crate::key;
use crate::ledger::{Ledger, Recorded};
use crate::marker::{Claim, Job, arm};
use crate::operation::{ApplyError, Outcome, OutcomeOfMany, Request, Situation};
use crate::read::{Freshness, newest_of};

/// Tries before a caller is told that a wallet is contended. Each costs at least two reads.
const TRIES_MAX: u32 = 10;
/// No new try begins after this: API Gateway gives up after 30 s.
const TRYING: Duration = Duration::from_secs(10);
/// A decision older than this is made again instead of appended. Sweeps and take-overs of order
/// markers rely on it: they wait fifteen times as long.
const DECISION_AGE_MAX: Duration = Duration::from_mins(1);
/// The first pause after a lost race is random up to this, and doubles with each try.
const PAUSE: Duration = Duration::from_millis(25);
/// No pause is longer.
const PAUSE_MAX: Duration = Duration::from_millis(400);
/// What the chain of hashes begins with.
const BEFORE_THE_FIRST: Hash = [0; 32];

/// What was decided for all accounts together.
enum Decided<T> {
    Append(Vec<Line>),
    Unchanged(T),
}

/// What became of it.
enum Settled<T> {
    Appended(Vec<Entry>),
    Replayed(Entry),
    Unchanged { answer: T, wallet: Wallet },
}

/// An account as it was read, with its part in the operation.
struct Account<'a> {
    request: &'a Request,
    newest: Option<Recorded>,
    /// The number of the newest line of what the request is about.
    about_number: Sight,
    about: Option<Entry>,
    empty: Wallet,
}

/// What is known of a line by a look-up in the index.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// Nothing yet.
    None,
    /// Its number, if there is one, read consistently.
    Consistent(Option<u64>),
}

impl Account<'_> {
    fn wallet(&self) -> &Wallet {
        self.newest.as_ref().map_or(&self.empty, |newest| &newest.entry.line.wallet)
    }

    fn number(&self) -> u64 {
        self.newest.as_ref().map_or(0, |newest| newest.entry.number)
    }
}

impl Ledger {
    /// Applies one operation to one account, exactly once.
    ///
    /// `decide` is called again after every lost race, each time with the newest state.
    ///
    /// # Errors
    /// [`ApplyError`] says for each case what has been written.
    pub async fn apply<T, R, D>(
        &self,
        request: &Request,
        decide: D,
    ) -> Result<Outcome<T>, ApplyError<R>>
    where
        D: Fn(&Situation<'_>) -> Result<Decision<T>, R>,
        R: std::error::Error + 'static,
    {
        let decide = |situations: &[Situation<'_>]| match situations {
            [only] => Ok(match decide(only)? {
                Decision::Append(line) => Decided::Append(vec![line]),
                Decision::Unchanged(answer) => Decided::Unchanged(answer),
            }),
            // There is one situation per request.
            _ => Ok(Decided::Append(Vec::new())),
        };
        Ok(match self.run(std::slice::from_ref(request), decide).await? {
            Settled::Appended(mut entries) => match entries.pop() {
                Some(entry) => Outcome::Appended(entry),
                None => return Err(ApplyError::Contended),
            },
            Settled::Replayed(entry) => Outcome::Replayed(entry),
            Settled::Unchanged { answer, wallet } => Outcome::Unchanged { answer, wallet },
        })
    }

    /// Applies one operation to several accounts in one transaction, exactly once: all lines are
    /// appended, or none. `decide` returns one line for every request, in their order; each
    /// account is named once. The first request is the one that is answered on a replay.
    ///
    /// # Errors
    /// [`ApplyError`] says for each case what has been written.
    pub async fn apply_many<R, D>(
        &self,
        requests: &[Request],
        decide: D,
    ) -> Result<OutcomeOfMany, ApplyError<R>>
    where
        D: Fn(&[Situation<'_>]) -> Result<Vec<Line>, R>,
        R: std::error::Error + 'static,
    {
        let decide = |situations: &[Situation<'_>]| decide(situations).map(Decided::Append);
        Ok(match self.run::<std::convert::Infallible, _, _>(requests, decide).await? {
            Settled::Appended(entries) => OutcomeOfMany::Appended(entries),
            Settled::Replayed(entry) => OutcomeOfMany::Replayed(entry),
            Settled::Unchanged { answer, .. } => match answer {},
        })
    }

    async fn run<T, R, D>(
        &self,
        requests: &[Request],
        decide: D,
    ) -> Result<Settled<T>, ApplyError<R>>
    where
        D: Fn(&[Situation<'_>]) -> Result<Decided<T>, R>,
        R: std::error::Error + 'static,
    {
        let started = Stopwatch::now();
        let mut tries = 0;
        // A put of which nothing was heard may still arrive, so nothing that follows may claim
        // that nothing was written.
        let mut unheard: Option<StoreError> = None;
        loop {
            let setback = match self.attempt(requests, &decide).await {
                Ok(settled) => return Ok(settled),
                Err(setback) => setback,
            };
            tries += 1;
            let given_up = TRIES_MAX <= tries || TRYING <= started.elapsed();
            match setback {
                Setback::Raced => {}
                Setback::Unheard(error) => unheard = Some(error),
                Setback::Final(error) => return Err(unheard.map_or(error, ApplyError::Store)),
            }
            if given_up {
                return match (self.last_look(requests).await, unheard) {
                    (Err(ApplyError::Contended), Some(unheard)) => Err(unheard.into()),
                    (looked, _) => looked,
                };
            }
            tokio::time::sleep(pause(tries)).await;
        }
    }

    /// After the last try: a race may have been lost to an earlier put of this very operation,
    /// whose answer did not arrive.
    async fn last_look<T, R>(&self, requests: &[Request]) -> Result<Settled<T>, ApplyError<R>>
    where
        R: std::error::Error + 'static,
    {
        let mut accounts = self.read_newest(requests).await?;
        match self.replay(&mut accounts).await {
            Ok(Some(settled)) => Ok(settled),
            Ok(None) | Err(Setback::Raced) => Err(ApplyError::Contended),
            Err(Setback::Unheard(error)) => Err(error.into()),
            Err(Setback::Final(error)) => Err(error),
        }
    }

    /// The newest line of every account, before any operation is looked up.
    async fn read_newest<'a>(
        &self,
        requests: &'a [Request],
    ) -> Result<Vec<Account<'a>>, StoreError> {
        let mut accounts = Vec::with_capacity(requests.len());
        for request in requests {
            let newest = self.newest(&request.member).await?;
            let (about_number, about, empty) = (Sight::None, None, Wallet::default());
            accounts.push(Account { request, newest, about_number, about, empty });
        }
        Ok(accounts)
    }

    async fn attempt<T, R, D>(
        &self,
        requests: &[Request],
        decide: &D,
    ) -> Result<Settled<T>, Setback<R>>
    where
        D: Fn(&[Situation<'_>]) -> Result<Decided<T>, R>,
        R: std::error::Error + 'static,
    {
        let mut accounts = self.read_newest(requests).await?;
        let decided_at = Stopwatch::now();
        let newest = accounts.iter().filter_map(|account| account.newest.as_ref());
        let now = self.one_instant(newest)?;
        if let Some(settled) = self.replay(&mut accounts).await? {
            return Ok(settled);
        }
        let mut decided = self.decide(&mut accounts, decide, now, Freshness::Eventual).await?;
        let unsure = |account: &Account<'_>| {
            account.request.about.is_some() && account.about_number == Sight::None
        };
        if accounts.iter().any(unsure) && !matches!(decided, Ok(Decided::Append(_))) {
            // To write nothing must not rest on what may be out of date.
            decided = self.decide(&mut accounts, decide, now, Freshness::Consistent).await?;
        }
        let lines = match decided.map_err(|refusal| Setback::Final(ApplyError::Refused(refusal)))? {
            Decided::Append(lines) => lines,
            Decided::Unchanged(answer) => {
                let wallet = accounts.first().map(Account::wallet);
                let wallet = wallet.map(|wallet| Draft::open(wallet, now).into_wallet());
                return Ok(Settled::Unchanged { answer, wallet: wallet.unwrap_or_default() });
            }
        };
        self.prepare_and_append(&accounts, lines, now, decided_at).await.map(Settled::Appended)
    }

    /// Answers from the log when the operation is there.
    async fn replay<T, R: std::error::Error + 'static>(
        &self,
        accounts: &mut [Account<'_>],
    ) -> Result<Option<Settled<T>>, Setback<R>> {
        for (place, account) in accounts.iter_mut().enumerate() {
            let Some(number) = self.look_up(account).await? else { continue };
            let member = &account.request.member;
            let Some(newest) = &account.newest else { continue };
            let line = if number == newest.entry.number {
                newest.clone()
            } else {
                self.existing_line(member, number).await?
            };
            // All lines of one operation are written together: one that is in a log without the
            // first is another operation.
            if place > 0 || line.fingerprint != account.request.fingerprint {
                return Err(Setback::Final(ApplyError::OperationConflict));
            }
            return Ok(Some(Settled::Replayed(line.entry)));
        }
        Ok(None)
    }

    /// The number of the line of the account's operation, if it was applied. Where that is an
    /// action on what the request is about, their names begin alike, and one consistent query
    /// answers for both.
    async fn look_up(&self, account: &mut Account<'_>) -> Result<Option<u64>, StoreError> {
        let Request { member, operation, about, .. } = account.request;
        // An empty log holds no operation.
        let (Some(operation), Some(_)) = (operation, &account.newest) else {
            return Ok(None);
        };
        let name = key::operation(operation);
        let about = about.as_ref().map(key::operation);
        let Some(prefix) = about.filter(|prefix| name.starts_with(prefix)) else {
            return self.find_operation(member, &name).await;
        };
        let under = self.operations_under(member, &prefix, Freshness::Consistent).await?;
        account.about_number = Sight::Consistent(newest_of(&under));
        Ok(under.iter().find(|(each, _)| *each == name).map(|(_, number)| *number))
    }

    async fn decide<T, R, D>(
        &self,
        accounts: &mut [Account<'_>],
        decide: &D,
        now: Instant,
        freshness: Freshness,
    ) -> Result<Result<Decided<T>, R>, StoreError>
    where
        D: Fn(&[Situation<'_>]) -> Result<Decided<T>, R>,
    {
        for account in accounts.iter_mut() {
            if let Some(about) = &account.request.about {
                account.about = self.newest_about(account, about, freshness).await?;
            }
        }
        let situations = accounts.iter().map(|account| Situation {
            wallet: account.wallet(),
            about: account.about.as_ref(),
            number: account.number() + 1,
            now,
        });
        Ok(decide(&situations.collect::<Vec<_>>()))
    }

    async fn newest_about(
        &self,
        account: &Account<'_>,
        about: &Operation,
        freshness: Freshness,
    ) -> Result<Option<Entry>, StoreError> {
        let Some(newest) = &account.newest else {
            return Ok(None);
        };
        let member = &account.request.member;
        let number = match account.about_number {
            Sight::Consistent(number) => number,
            Sight::None => self.newest_under(member, &key::operation(about), freshness).await?,
        };
        let Some(number) = number else { return Ok(None) };
        if number == newest.entry.number {
            return Ok(Some(newest.entry.clone()));
        }
        Ok(Some(self.existing_line(member, number).await?.entry))
    }

    /// Writes the markers that the lines need, then the lines.
    async fn prepare_and_append<R: std::error::Error + 'static>(
        &self,
        accounts: &[Account<'_>],
        lines: Vec<Line>,
        now: Instant,
        decided_at: Stopwatch,
    ) -> Result<Vec<Entry>, Setback<R>> {
        if lines.len() != accounts.len() {
            let detail = "the decision does not have one line for every account";
            return Err(StoreError::damaged("operation", "lines", detail).into());
        }
        let mut items = Vec::with_capacity(lines.len());
        let mut entries = Vec::with_capacity(lines.len());
        for (account, line) in accounts.iter().zip(lines) {
            let member = &account.request.member;
            if let Some(Operation::Purchase(order)) = &account.request.operation {
                match self.claim_order(order, member, now).await? {
                    Claim::Ours => {}
                    Claim::Theirs => {
                        return Err(Setback::Final(ApplyError::OrderBelongsToAnotherMember));
                    }
                    Claim::Contended => return Err(Setback::Final(ApplyError::Contended)),
                }
            }
            let remembered = account.newest.as_ref().and_then(|newest| newest.armed);
            let arming = arm(line.wallet.next_due(), remembered, now);
            if let Some(hour) = arming.put {
                self.put_due(Job::Expire, &key::account(member), hour).await?;
            }
            let entry = Entry {
                account: member.clone(),
                number: account.number() + 1,
                recorded_at: now,
                by: account.request.by.clone(),
                program: account.request.program,
                line,
            };
            let previous = account.newest.as_ref().map_or(BEFORE_THE_FIRST, |newest| newest.hash);
            let fingerprint = &account.request.fingerprint;
            let (item, _) = document::encode(&entry, fingerprint, arming.armed, &previous)?;
            items.push(item);
            entries.push(entry);
        }
        if DECISION_AGE_MAX < decided_at.elapsed() {
            return Err(Setback::Raced);
        }
        match items.as_slice() {
            [item] => self.append(item.clone()).await?,
            _ => self.append_all(items).await?,
        }
        Ok(entries)
    }
}

/// A random pause, so that those who lost a race do not meet again.
fn pause(tries: u32) -> Duration {
    let longest =
        PAUSE.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(PAUSE_MAX);
    let longest_ms = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(fastrand::u64(0..=longest_ms))
}
