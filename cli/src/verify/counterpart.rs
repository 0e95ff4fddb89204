//! Operations on several accounts: what a line of one of them needs in the logs of the others.
//!
//! All lines of an operation are written together, so one that is seen has its counterparts, which
//! are found by their names. Both sides look for the other.

mod credit;
mod refunds;

use scrip_domain::account::AccountId;
use scrip_domain::amount::{Minor, Units};
use scrip_domain::card::{Arrival, CardKey, CardPart, CardStep, End, Spender};
use scrip_domain::entry::{CardMove, Detail, Entry, Operation};
use scrip_domain::id::{CardNumber, MemberId, RedemptionId};
use scrip_domain::posting::PostingReason;
use scrip_domain::redeem::Plan;
use scrip_store::{Ledger, PurchasedCard, Recorded, StoreError, operation_name};

use super::Fault;
use credit::Credit;

/// What is wrong between a line and its counterparts. `held` is what the redemption that the line
/// ends held of gift cards. One that is being written may be seen in part: whoever finds something
/// looks again.
pub(super) async fn faults(
    ledger: &Ledger,
    entry: &Entry,
    held: &[(CardNumber, Units)],
) -> Result<Vec<Fault>, StoreError> {
    let mut pairs = Pairs { ledger, entry, faults: Vec::new() };
    match (&entry.account, &entry.line.detail) {
        (AccountId::Member(member), detail) => pairs.of_wallet(member, detail, held).await?,
        (AccountId::Card(number), detail) => pairs.of_card(number, detail).await?,
    }
    Ok(pairs.faults)
}

/// A line and what it is compared with.
struct Pairs<'a> {
    ledger: &'a Ledger,
    entry: &'a Entry,
    faults: Vec<Fault>,
}

impl Pairs<'_> {
    async fn of_wallet(
        &mut self,
        member: &MemberId,
        detail: &Detail,
        held: &[(CardNumber, Units)],
    ) -> Result<(), StoreError> {
        match detail {
            Detail::CardCredit(credited) => self.of_credit(member, &credited.arrival).await,
            Detail::Redemption(opened) => {
                let step = opened.lapses_at.map_or(CardStep::Spent, CardStep::Held);
                let draws = opened.plan.card_draws();
                for (number, draw) in draws.map(|(number, draw)| (number, draw.amount())) {
                    self.part(member, &opened.redemption, step.clone(), (number, draw)).await?;
                }
                Ok(())
            }
            Detail::Capture(captured) => {
                let id = &captured.redemption;
                for (number, draw) in captured.plan.card_draws() {
                    let of = (number, draw.amount());
                    self.part(member, id, CardStep::Captured, of).await?;
                }
                let is_kept = |number| draws_on(&captured.plan, number).is_some();
                for (number, amount) in held.iter().filter(|(number, _)| !is_kept(number)) {
                    self.part(member, id, CardStep::Released, (number, *amount)).await?;
                }
                Ok(())
            }
            Detail::Release(released) => {
                for (number, amount) in held {
                    let of = (number, *amount);
                    self.part(member, &released.redemption, CardStep::Released, of).await?;
                }
                Ok(())
            }
            Detail::Refund(refunded) => {
                self.of_refund(&Spender::Member(member.clone()), refunded).await
            }
            _ => Ok(()),
        }
    }

    async fn of_card(&mut self, number: &CardNumber, detail: &Detail) -> Result<(), StoreError> {
        match detail {
            Detail::CardIssue(issued) => self.is_kept(number, &issued.key).await,
            Detail::CardEnd(ended) => {
                let Some(card) = &self.entry.line.wallet.card else { return Ok(()) };
                let key = &card.key;
                let (wallet, how) = match &ended.end {
                    End::Claimed(member) => (member, CardMove::Claim),
                    End::Reverted => (&key.purchaser, CardMove::Revert),
                    End::Cancelled => (&key.purchaser, CardMove::Cancel),
                    End::Voided => return Ok(()),
                };
                let wallet = AccountId::from(wallet);
                let operation = Operation::CardCredit(key.clone(), how);
                let went = Credit::of(card, ended.amount);
                let went = went.as_slice();
                let came = |entry: &Entry| {
                    credit::say(&Credit::posted(entry, PostingReason::TransferredIn, went))
                };
                self.require(&wallet, &operation, &credit::say(went), came).await
            }
            Detail::CardPart(part) => self.of_part(number, part).await,
            Detail::Refund(refunded) => self.of_refund(&Spender::Direct, refunded).await,
            _ => Ok(()),
        }
    }

    /// The line of the card, where what it had became a credit; the line of the redemption, where a
    /// refund came to somebody.
    async fn of_credit(&mut self, member: &MemberId, arrival: &Arrival) -> Result<(), StoreError> {
        let (key, how) = match arrival {
            Arrival::Claimed(key) => {
                (key, Operation::CardMove(Some(member.clone()), CardMove::Claim))
            }
            Arrival::Reverted(key) => (key, Operation::CardMove(None, CardMove::Revert)),
            Arrival::Cancelled(key) => {
                (key, Operation::CardMove(Some(member.clone()), CardMove::Cancel))
            }
            Arrival::Refunded { spender, redemption, refund } => {
                return self.of_arrival(member, spender, (redemption, refund)).await;
            }
        };
        let came = Credit::posted(self.entry, PostingReason::TransferredIn, &[]);
        let Some(kept) = self.kept(key).await? else {
            self.faults.push(not_kept(key));
            return Ok(());
        };
        let card = AccountId::Card(kept.number);
        let went = |entry: &Entry| match (&entry.line.detail, &entry.line.wallet.card) {
            (Detail::CardEnd(ended), Some(card)) => {
                credit::say(Credit::of(card, ended.amount).as_slice())
            }
            (other, _) => other.kind().to_owned(),
        };
        self.require(&card, &how, &credit::say(&came), went).await
    }

    /// The line of a card that a redemption of this wallet drew on.
    async fn part(
        &mut self,
        member: &MemberId,
        redemption: &RedemptionId,
        step: CardStep,
        (number, amount): (&CardNumber, Units),
    ) -> Result<(), StoreError> {
        let (member, redemption) = (member.clone(), redemption.clone());
        let part = CardPart { member, redemption, step, amount: amount.into() };
        let Some(operation) = Detail::CardPart(part.clone()).operation() else { return Ok(()) };
        let says = |entry: &Entry| match &entry.line.detail {
            Detail::CardPart(part) => say(part),
            other => other.kind().to_owned(),
        };
        let card = AccountId::Card(number.clone());
        self.require(&card, &operation, &say(&part), says).await
    }

    /// The line of the redemption, in its member's log, that drew on this card.
    async fn of_part(&mut self, number: &CardNumber, part: &CardPart) -> Result<(), StoreError> {
        let member = AccountId::from(&part.member);
        let id = part.redemption.clone();
        let operation = match &part.step {
            CardStep::Spent | CardStep::Held(_) => Operation::Redemption(id),
            CardStep::Captured => Operation::Capture(id),
            CardStep::Released => self.releasing(&member, id).await?,
            CardStep::Refunded(refund) => Operation::Refund(id, refund.clone()),
        };
        let drawn = |plan: &Plan, step: CardStep| {
            let amount = draws_on(plan, number).unwrap_or(Units::ZERO);
            say(&CardPart { step, amount: amount.into(), ..part.clone() })
        };
        let says = |entry: &Entry| match &entry.line.detail {
            Detail::Redemption(it) => {
                drawn(&it.plan, it.lapses_at.map_or(CardStep::Spent, CardStep::Held))
            }
            // What it does not capture it releases.
            Detail::Capture(it) if part.step == CardStep::Released => {
                let is_kept = draws_on(&it.plan, number).is_some();
                if is_kept { drawn(&it.plan, CardStep::Captured) } else { say(part) }
            }
            Detail::Capture(it) => drawn(&it.plan, CardStep::Captured),
            Detail::Release(_) => say(part),
            Detail::Refund(it) => {
                let cards = it.cards.iter().filter(|card| card.number == *number);
                let amount = Minor::checked_sum(cards.map(|card| card.amount));
                let step = CardStep::Refunded(it.refund.clone());
                say(&CardPart { step, amount: amount.unwrap_or(Minor::MAX), ..part.clone() })
            }
            other => other.kind().to_owned(),
        };
        self.require(&member, &operation, &say(part), says).await
    }

    /// What released a card: a release, or a capture of the rest.
    async fn releasing(
        &self,
        member: &AccountId,
        id: RedemptionId,
    ) -> Result<Operation, StoreError> {
        let release = Operation::Release(id.clone());
        Ok(match sought(self.ledger.applied(member, &release).await)? {
            Sought::Found(_) | Sought::Unreadable => release,
            Sought::Absent => Operation::Capture(id),
        })
    }

    /// That the purchaser's item of a card leads to it.
    async fn is_kept(&mut self, number: &CardNumber, key: &CardKey) -> Result<(), StoreError> {
        let kept = self.kept(key).await?;
        let pin = self.entry.line.wallet.card.as_ref().map(|card| &card.pin);
        let is_it = kept.is_some_and(|kept| kept.number == *number && Some(&kept.pin) == pin);
        if !is_it {
            self.faults.push(not_kept(key));
        }
        Ok(())
    }

    /// What its purchaser's item says of a card, when it can be read.
    async fn kept(&self, key: &CardKey) -> Result<Option<PurchasedCard>, StoreError> {
        match self.ledger.purchased_card(key).await {
            Err(StoreError::Damaged { .. }) => Ok(None),
            kept => kept,
        }
    }

    /// That an operation has its line in another log, which says what it must.
    async fn require(
        &mut self,
        account: &AccountId,
        operation: &Operation,
        expected: &str,
        says: impl Fn(&Entry) -> String,
    ) -> Result<(), StoreError> {
        match sought(self.ledger.applied(account, operation).await)? {
            Sought::Found(line) => self.compare(account, &line, expected, &says(&line.entry)),
            Sought::Absent => self.faults.push(missing(account, operation)),
            Sought::Unreadable => {}
        }
        Ok(())
    }

    fn compare(&mut self, account: &AccountId, other: &Recorded, expected: &str, found: &str) {
        let at = (self.entry.recorded_at, other.entry.recorded_at);
        if expected != found || at.0 != at.1 {
            let (expected, found) =
                (format!("{expected} at {}", at.0), format!("{found} at {}", at.1));
            let account = account.clone();
            self.faults.push(Fault::CounterpartDiffers { account, expected, found });
        }
    }
}

/// A line that is looked for in another log.
enum Sought {
    /// There it is.
    Found(Box<Recorded>),
    /// It is not there.
    Absent,
    /// It is there and cannot be read, which is reported with that log.
    Unreadable,
}

fn sought(found: Result<Option<Recorded>, StoreError>) -> Result<Sought, StoreError> {
    match found {
        Ok(Some(line)) => Ok(Sought::Found(Box::new(line))),
        Ok(None) => Ok(Sought::Absent),
        Err(StoreError::Damaged { .. } | StoreError::NewerFormat { .. }) => Ok(Sought::Unreadable),
        Err(error) => Err(error),
    }
}

fn missing(account: &AccountId, operation: &Operation) -> Fault {
    let name = operation_name(account, operation);
    Fault::CounterpartMissing { account: account.clone(), operation: name }
}

fn not_kept(key: &CardKey) -> Fault {
    Fault::CardNotKept { card: format!("{} of {}", key.card, key.purchaser) }
}

fn draws_on(plan: &Plan, number: &CardNumber) -> Option<Units> {
    let mut draws = plan.card_draws().filter(|(each, _)| *each == number);
    draws.next().map(|(_, draw)| draw.amount())
}

fn posted(entry: &Entry, reason: PostingReason) -> i64 {
    let own = entry.line.postings.iter().filter(|posting| posting.reason == reason);
    own.fold(0, |sum, posting| sum.saturating_add(posting.amount.get()))
}

fn say(part: &CardPart) -> String {
    let step = match &part.step {
        CardStep::Spent => "spent".to_owned(),
        CardStep::Held(lapses_at) => format!("held until {lapses_at}"),
        CardStep::Captured => "captured".to_owned(),
        CardStep::Released => "released".to_owned(),
        CardStep::Refunded(refund) => format!("refunded as {refund}"),
    };
    format!("{} {step}", part.amount)
}
