//! The exactly-once protocol.
//!
//! | step | why in this place |
//! |---|---|
//! | 1. read the newest line of the account | what is committed after this makes the put fail |
//! | 2. look the operation up by name | found: answer what it answered; swapped with 1, it could apply twice |
//! | 3. decide; read the other accounts it asks for | pure: may be done again |
//! | 4. stamp the order marker, put the due markers | before the lines that need them |
//! | 5. put the next line of each, if there is none | the one write that counts |
//!
//! A put that loses its race is shown the line in its place. All lines before that one were looked
//! up, so it is followed up at once: unless it is the operation itself, decide on it and put the line
//! after it. When that is lost, too, or a request is about an earlier operation, or nothing was heard
//! of a write, it starts again at 1 after a pause, a bounded number of times: the look-up then finds
//! what was written, or it did not happen.

use std::collections::BTreeMap;
use std::time::Duration;

use scrip_domain::account::AccountId;
use scrip_domain::draft::Draft;
use scrip_domain::entry::{Decision, Entry, Line, Operation};
use scrip_domain::posting::Posting;
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;
// The clock of the pauses, so that whoever stops one stops both.
use tokio::time::Instant as Stopwatch;

use crate::append::{Setback, Unheard};
use crate::canonical::Hash;
use crate::document::{self, Item};
use crate::error::StoreError;
use crate::key;
use crate::ledger::{Ledger, Recorded};
use crate::marker::{Claim, arm};
use crate::operation::{ApplyError, Outcome, Request, Situation};
use crate::patience::Patience;
use crate::read::{Freshness, newest_of};

/// A decision older than this is made again instead of appended. Sweeps and take-overs of order
/// markers rely on it: they wait fifteen times as long.
const DECISION_AGE_MAX: Duration = Duration::from_mins(1);
/// What the chain of hashes begins with.
const BEFORE_THE_FIRST: Hash = [0; 32];

/// The most times that a decision may ask for more: the cards of a basket, then those to whom their
/// value has gone since; what expired of an order, all at once.
const ASKING_MAX: usize = 4;

/// What became of a try.
enum Settled<T> {
    Appended(Entry),
    Replayed(Entry),
    Unchanged { answer: T, wallet: Wallet },
}

/// The account that is asked, as it was read.
struct Asked<'a> {
    request: &'a Request,
    newest: Option<Recorded>,
    /// Whether the newest line is the one that a put found in its place. All before it were looked
    /// up.
    is_followed: bool,
    /// The number of the newest line of what the request is about.
    about_number: Sight,
}

/// What is known of a line by a look-up in the index.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// Nothing yet.
    None,
    /// Its number, if there is one, read consistently.
    Consistent(Option<u64>),
}

/// The other accounts of an operation, as they were read.
type Others = BTreeMap<AccountId, Option<Recorded>>;

impl Ledger {
    /// Applies one operation, exactly once. All accounts that it changes get their line in one
    /// write, or none does; the line of the account that is asked answers for it.
    ///
    /// `decide` is called again when it asks for more accounts, and after every lost race, each
    /// time with the newest state. The account that is asked is read before its operation is looked
    /// up; the others may be read later, for every line of an operation is written together with
    /// the one that the look-up finds.
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
        Ok(match self.run(request, decide).await? {
            Settled::Appended(entry) => Outcome::Appended(entry),
            Settled::Replayed(entry) => Outcome::Replayed(entry),
            Settled::Unchanged { answer, wallet } => Outcome::Unchanged { answer, wallet },
        })
    }

    async fn run<T, R, D>(&self, request: &Request, decide: D) -> Result<Settled<T>, ApplyError<R>>
    where
        D: Fn(&Situation<'_>) -> Result<Decision<T>, R>,
        R: std::error::Error + 'static,
    {
        let mut patience = Patience::begin();
        let mut unheard: Option<Unheard> = None;
        let mut ahead = None;
        loop {
            let setback = match self.attempt(request, ahead.take(), &decide).await {
                Ok(settled) => return Ok(settled),
                Err(setback) => setback,
            };
            let given_up = patience.ends();
            match setback {
                Setback::Raced(line) => {
                    self.meter.lost_race();
                    ahead = line.filter(|_| request.about.is_none() && patience.insists());
                }
                Setback::Unheard(now) => {
                    let line = now.line.or(unheard.and_then(|before| before.line));
                    unheard = Some(Unheard { line, ..now });
                }
                Setback::Final(error) if unheard.is_none() => return Err(error),
                Setback::Final(error) => return self.last_look(request, error, unheard).await,
            }
            if given_up {
                return self.last_look(request, ApplyError::Contended, unheard).await;
            }
            if ahead.is_none() {
                tokio::time::sleep(patience.pause()).await;
            }
        }
    }

    /// Before a caller is told that nothing was written: a race may have been lost to an earlier put
    /// of this very operation, whose answer did not arrive. And a put of which nothing was heard may
    /// still arrive for as long as its line is not there.
    async fn last_look<T, R>(
        &self,
        request: &Request,
        told: ApplyError<R>,
        unheard: Option<Unheard>,
    ) -> Result<Settled<T>, ApplyError<R>>
    where
        R: std::error::Error + 'static,
    {
        let newest = self.newest(&request.account).await?;
        let mut asked = Asked { request, newest, is_followed: false, about_number: Sight::None };
        match self.replay(&mut asked).await {
            Ok(Some(settled)) => Ok(settled),
            Ok(None) | Err(Setback::Raced(_)) => {
                let open = unheard.filter(|unheard| unheard.is_open(asked.number()));
                Err(open.map_or(told, |unheard| unheard.error.into()))
            }
            Err(Setback::Unheard(unheard)) => Err(unheard.error.into()),
            Err(Setback::Final(error)) => Err(error),
        }
    }

    async fn attempt<T, R, D>(
        &self,
        request: &Request,
        ahead: Option<Item>,
        decide: &D,
    ) -> Result<Settled<T>, Setback<R>>
    where
        D: Fn(&Situation<'_>) -> Result<Decision<T>, R>,
        R: std::error::Error + 'static,
    {
        let is_followed = ahead.is_some();
        let newest = match ahead {
            Some(line) => Some(document::decode(&request.account, line)?),
            None => self.newest(&request.account).await?,
        };
        let mut asked = Asked { request, newest, is_followed, about_number: Sight::None };
        let decided_at = Stopwatch::now();
        self.one_instant(asked.newest.iter())?;
        if let Some(settled) = self.replay(&mut asked).await? {
            return Ok(settled);
        }
        let mut others = Others::new();
        let (mut decided, mut now) =
            self.decide(&asked, &mut others, decide, Freshness::Eventual).await?;
        let unsure = request.about.is_some() && asked.about_number == Sight::None;
        let appends = matches!(decided, Ok(Decision::Append(_) | Decision::AppendAll(..)));
        if unsure && !appends {
            // To write nothing must not rest on what may be out of date.
            (decided, now) =
                self.decide(&asked, &mut others, decide, Freshness::Consistent).await?;
        }
        let refused = |refusal| Setback::Final(ApplyError::Refused(refusal));
        let (line, other_lines) = match decided.map_err(refused)? {
            Decision::Append(line) => (line, Vec::new()),
            Decision::AppendAll(line, others) => (line, others),
            Decision::Unchanged(answer) => {
                let empty = Wallet::default();
                let wallet = asked.newest.as_ref().map_or(&empty, |line| &line.entry.line.wallet);
                let judged = self.judged(wallet, now).await?;
                let wallet = Draft::open(judged.as_ref(), now).into_wallet();
                return Ok(Settled::Unchanged { answer, wallet });
            }
            Decision::Needs(_) | Decision::NeedsSettled(_) => {
                let detail = "the decision asks for more without end";
                return Err(asked.damaged(detail).into());
            }
        };
        let mut writing = vec![(&request.account, asked.newest.as_ref(), line)];
        for (account, line) in &other_lines {
            let newest = others.get(account);
            let newest =
                newest.ok_or_else(|| asked.damaged("a line is of an account that was not read"))?;
            writing.push((account, newest.as_ref(), line.clone()));
        }
        self.prepare_and_append(request, writing, now, decided_at).await.map(Settled::Appended)
    }

    /// Answers from the log when the operation is there.
    async fn replay<T, R: std::error::Error + 'static>(
        &self,
        asked: &mut Asked<'_>,
    ) -> Result<Option<Settled<T>>, Setback<R>> {
        let Some(number) = self.look_up(asked).await? else { return Ok(None) };
        let Some(newest) = &asked.newest else { return Ok(None) };
        let line = if number == newest.entry.number {
            newest.clone()
        } else {
            self.existing_line(&asked.request.account, number).await?
        };
        if line.fingerprint != asked.request.fingerprint {
            return Err(Setback::Final(ApplyError::OperationConflict));
        }
        Ok(Some(Settled::Replayed(line.entry)))
    }

    /// The number of the line of the operation, if it was applied. Where that is an action on what
    /// the request is about, their names begin alike, and one consistent query answers for both.
    async fn look_up(&self, asked: &mut Asked<'_>) -> Result<Option<u64>, StoreError> {
        let Request { account, operation, about, .. } = asked.request;
        // An empty log holds no operation.
        let (Some(operation), Some(newest)) = (operation, &asked.newest) else {
            return Ok(None);
        };
        let name = key::operation(account, operation);
        if asked.is_followed {
            let ahead = newest.entry.line.detail.operation();
            let is_same = ahead.is_some_and(|ahead| key::operation(account, &ahead) == name);
            return Ok(is_same.then_some(newest.entry.number));
        }
        let about = about.as_ref().map(|about| key::operation(account, about));
        let Some(prefix) = about.filter(|prefix| name.starts_with(prefix)) else {
            return self.find_operation(account, &name).await;
        };
        let under = self.operations_under(account, &prefix, Freshness::Consistent).await?;
        asked.about_number = Sight::Consistent(newest_of(&under));
        Ok(under.iter().find(|(each, _)| *each == name).map(|(_, number)| *number))
    }

    /// Decides, reading every other account that the decision asks for. Returns also the one
    /// instant of all of them.
    async fn decide<T, R, D>(
        &self,
        asked: &Asked<'_>,
        others: &mut Others,
        decide: &D,
        freshness: Freshness,
    ) -> Result<(Result<Decision<T>, R>, Instant), StoreError>
    where
        D: Fn(&Situation<'_>) -> Result<Decision<T>, R>,
    {
        let request = asked.request;
        let about = match &request.about {
            Some(about) => self.newest_about(asked, about, freshness).await?,
            None => None,
        };
        let empty = Wallet::default();
        let wallet = asked.newest.as_ref().map_or(&empty, |line| &line.entry.line.wallet);
        let mut settled = BTreeMap::new();
        let mut asking = 0;
        loop {
            let now = self.one_instant(asked.newest.iter().chain(others.values().flatten()))?;
            let wallet = self.judged(wallet, now).await?;
            let mut wallets = BTreeMap::new();
            for (account, newest) in &*others {
                let wallet = newest.as_ref().map_or(&empty, |line| &line.entry.line.wallet);
                wallets.insert(account.clone(), self.judged(wallet, now).await?.into_owned());
            }
            let decided = decide(&Situation {
                account: &request.account,
                wallet: wallet.as_ref(),
                about: about.as_ref(),
                number: asked.number() + 1,
                now,
                others: &wallets,
                settled: &settled,
            });
            match decided {
                Ok(Decision::Needs(missing)) if asking < ASKING_MAX => {
                    for account in missing {
                        let newest = self.newest(&account).await?;
                        others.insert(account, newest);
                    }
                }
                Ok(Decision::NeedsSettled(instants)) if asking < ASKING_MAX => {
                    for at in instants {
                        settled.insert(at, self.settled_at(asked, at).await?);
                    }
                }
                decided => return Ok((decided, now)),
            }
            asking += 1;
        }
    }

    /// What the first line of the asked account from an instant on posted.
    async fn settled_at(&self, asked: &Asked<'_>, at: Instant) -> Result<Vec<Posting>, StoreError> {
        let Some(newest) = &asked.newest else { return Ok(Vec::new()) };
        let line = self.first_line_from(newest, at).await?;
        Ok(line.map(|line| line.entry.line.postings).unwrap_or_default())
    }

    async fn newest_about(
        &self,
        asked: &Asked<'_>,
        about: &Operation,
        freshness: Freshness,
    ) -> Result<Option<Entry>, StoreError> {
        let Some(newest) = &asked.newest else {
            return Ok(None);
        };
        let account = &asked.request.account;
        let number = match asked.about_number {
            Sight::Consistent(number) => number,
            Sight::None => {
                let prefix = key::operation(account, about);
                self.newest_under(account, &prefix, freshness).await?
            }
        };
        let Some(number) = number else { return Ok(None) };
        if number == newest.entry.number {
            return Ok(Some(newest.entry.clone()));
        }
        Ok(Some(self.existing_line(account, number).await?.entry))
    }

    /// Writes the markers that the lines need, then the lines. The first is that of the account
    /// that is asked.
    async fn prepare_and_append<R: std::error::Error + 'static>(
        &self,
        request: &Request,
        writing: Vec<(&AccountId, Option<&Recorded>, Line)>,
        now: Instant,
        decided_at: Stopwatch,
    ) -> Result<Entry, Setback<R>> {
        if let Some(operation) = &request.operation {
            match self.claim(&request.account, operation, now).await? {
                Claim::Ours => {}
                Claim::Theirs => return Err(Setback::Final(belongs_elsewhere(operation))),
                Claim::Contended => return Err(Setback::Final(ApplyError::Contended)),
            }
        }
        let mut items = Vec::with_capacity(writing.len());
        let mut first = None;
        for (account, newest, line) in writing {
            let arming = arm(line.wallet.next_due(), newest.and_then(|newest| newest.armed), now);
            if let Some((job, hour)) = arming.put {
                self.put_due(job, &key::account(account), hour).await?;
            }
            let entry = Entry {
                account: account.clone(),
                number: newest.map_or(0, |newest| newest.entry.number) + 1,
                recorded_at: now,
                by: request.by.clone(),
                program: request.program,
                line,
            };
            let previous = newest.map_or(BEFORE_THE_FIRST, |newest| newest.hash);
            let (item, _) =
                document::encode(&entry, &request.fingerprint, arming.armed, &previous)?;
            items.push(item);
            first.get_or_insert(entry);
        }
        if DECISION_AGE_MAX < decided_at.elapsed() {
            return Err(Setback::Raced(None));
        }
        let nothing = || StoreError::damaged(&request.account.to_string(), "line", "nothing");
        let first = first.ok_or_else(nothing)?;
        let written = match <[Item; 1]>::try_from(items) {
            Ok([item]) => self.append(item).await,
            Err(items) => self.append_all(items).await,
        };
        written.map_err(|setback| setback.of_line(first.number))?;
        Ok(first)
    }
}

impl Asked<'_> {
    fn number(&self) -> u64 {
        self.newest.as_ref().map_or(0, |newest| newest.entry.number)
    }

    fn damaged(&self, detail: &str) -> StoreError {
        StoreError::damaged(&self.request.account.to_string(), "decision", detail)
    }
}

/// The name was used for another account.
fn belongs_elsewhere<R: std::error::Error + 'static>(operation: &Operation) -> ApplyError<R> {
    match operation {
        Operation::Purchase(_) => ApplyError::OrderBelongsToAnotherMember,
        _ => ApplyError::OperationConflict,
    }
}
