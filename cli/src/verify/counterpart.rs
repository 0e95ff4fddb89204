//! Operations on several accounts: what a line of one of them needs in the logs of the others.
//!
//! All lines of an operation are written together, so one that is seen has its counterparts, which
//! are found by their names. Both sides look for the other.

use std::collections::BTreeMap;

use scrip_domain::account::AccountId;
use scrip_domain::amount::{Minor, Units};
use scrip_domain::card::{Arrival, Card, CardKey, CardPart, CardStep, End, Spender};
use scrip_domain::entry::{CardMove, Detail, Entry, Operation};
use scrip_domain::id::{CardNumber, MemberId, RedemptionId, RefundId};
use scrip_domain::posting::PostingReason;
use scrip_domain::redeem::{Plan, Refunded};
use scrip_store::{Ledger, Owner, PurchasedCard, Recorded, StoreError, operation_name};

use super::Fault;

/// What is wrong between a line and its counterparts. `held` is what the redemption that the line
/// ends held of gift cards.
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
                let came =
                    |entry: &Entry| (posted(entry, PostingReason::TransferredIn)).to_string();
                self.require(&wallet, &operation, &ended.amount.to_string(), came).await
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
                return self.of_arrival(spender, redemption, refund).await;
            }
        };
        let came = posted(self.entry, PostingReason::TransferredIn).to_string();
        let Some(kept) = self.kept(key).await? else {
            self.faults.push(not_kept(key));
            return Ok(());
        };
        let card = AccountId::Card(kept.number);
        let went = |entry: &Entry| match &entry.line.detail {
            Detail::CardEnd(ended) => ended.amount.to_string(),
            other => other.kind().to_owned(),
        };
        self.require(&card, &how, &came, went).await
    }

    async fn of_arrival(
        &mut self,
        spender: &Spender,
        redemption: &RedemptionId,
        refund: &RefundId,
    ) -> Result<(), StoreError> {
        let operation = Operation::Refund(redemption.clone(), refund.clone());
        let account = match spender {
            Spender::Member(member) => AccountId::from(member),
            Spender::Direct => match self.ledger.card_of_redemption(redemption).await? {
                Owner::Account(card) => card,
                Owner::Nobody | Owner::Unreadable | Owner::Anybody => {
                    // That the marker is lost is reported with the redemption.
                    return Ok(());
                }
            },
        };
        let came = posted(self.entry, PostingReason::Reinstated);
        let expected = format!("a refund of at least {came}");
        let gives = |entry: &Entry| match &entry.line.detail {
            Detail::Refund(refunded) if came <= given(refunded) => expected.clone(),
            Detail::Refund(refunded) => format!("a refund of {}", given(refunded)),
            other => other.kind().to_owned(),
        };
        self.require(&account, &operation, &expected, gives).await
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
        let found = self.ledger.applied(member, &release).await;
        Ok(if readable(found)?.is_some() { release } else { Operation::Capture(id) })
    }

    /// What a refund gives back of gift cards: to each card, or to whom its value has come.
    async fn of_refund(&mut self, by: &Spender, refunded: &Refunded) -> Result<(), StoreError> {
        let mut receivers: BTreeMap<MemberId, u64> = BTreeMap::new();
        let own = self.entry.account.card();
        let refund = Operation::Refund(refunded.redemption.clone(), refunded.refund.clone());
        for given in &refunded.cards {
            let card = AccountId::Card(given.number.clone());
            let comes_back = 0 < posted(self.entry, PostingReason::Reinstated);
            if own == Some(&given.number) && comes_back {
                continue;
            }
            let of = Operation::Of(by.clone(), Box::new(refund.clone()));
            let part = readable(self.ledger.applied(&card, &of).await)?;
            if let Some(part) = part.filter(|_| own.is_none()) {
                let posted = posted(&part.entry, PostingReason::Reinstated).to_string();
                self.compare(&card, &part, &given.amount.to_string(), &posted);
                continue;
            }
            let newest = readable(self.ledger.newest_line(&card).await)?;
            let ended = newest.and_then(|newest| newest.entry.line.wallet.card);
            match ended.and_then(receiver) {
                Some(member) => {
                    let sum = receivers.entry(member).or_default();
                    *sum = sum.saturating_add(given.amount.get());
                }
                None => self.faults.push(missing(&card, &of)),
            }
        }
        for (member, amount) in receivers {
            let of = Operation::Of(by.clone(), Box::new(refund.clone()));
            let came = |entry: &Entry| posted(entry, PostingReason::Reinstated).to_string();
            self.require(&member.into(), &of, &amount.to_string(), came).await?;
        }
        Ok(())
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
        match self.ledger.applied(account, operation).await {
            Ok(Some(line)) => self.compare(account, &line, expected, &says(&line.entry)),
            Ok(None) => self.faults.push(missing(account, operation)),
            // It is reported with its own log.
            other => drop(readable(other)?),
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

/// A line of another log; nothing when it cannot be read, which is reported with that log.
fn readable(found: Result<Option<Recorded>, StoreError>) -> Result<Option<Recorded>, StoreError> {
    match found {
        Err(StoreError::Damaged { .. } | StoreError::NewerFormat { .. }) => Ok(None),
        other => other,
    }
}

fn missing(account: &AccountId, operation: &Operation) -> Fault {
    let name = operation_name(account, operation);
    Fault::CounterpartMissing { account: account.clone(), operation: name }
}

fn not_kept(key: &CardKey) -> Fault {
    Fault::CardNotKept { card: format!("{} of {}", key.card, key.purchaser) }
}

/// Whose credit what was on a card has become.
fn receiver(card: Card) -> Option<MemberId> {
    match card.end? {
        End::Claimed(member) => Some(member),
        End::Reverted | End::Cancelled => Some(card.key.purchaser),
        End::Voided => None,
    }
}

fn draws_on(plan: &Plan, number: &CardNumber) -> Option<Units> {
    let mut draws = plan.card_draws().filter(|(each, _)| *each == number);
    draws.next().map(|(_, draw)| draw.amount())
}

/// What a refund gives back for gift cards.
fn given(refunded: &Refunded) -> i64 {
    let sum = Minor::checked_sum(refunded.cards.iter().map(|card| card.amount));
    sum.unwrap_or(Minor::MAX).get().cast_signed()
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
