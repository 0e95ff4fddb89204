//! Refunds: where money goes that a redemption had taken from gift cards.

use std::collections::BTreeMap;

use scrip_domain::account::AccountId;
use scrip_domain::card::Spender;
use scrip_domain::entry::{Detail, Entry, Operation};
use scrip_domain::id::{MemberId, RedemptionId, RefundId};
use scrip_domain::posting::PostingReason;
use scrip_domain::redeem::{CardRefunded, Refunded};
use scrip_store::{Owner, Recorded, StoreError};

use super::credit::{self, Credit};
use super::{Pairs, Sought, missing, posted, sought};

/// Where the money for a card went.
enum Destination {
    /// To the card that spent it by itself, in the line of the refund.
    Own,
    /// To the card, in this line of its log.
    Part(Box<Recorded>),
    /// To whom its value had come.
    Wallet(MemberId, Credit),
    /// The card's log cannot be read, which is reported there.
    Unreadable,
    /// Nobody has it.
    Nowhere,
}

/// What a refund gave for each card, in the order they paid.
type Given<'a> = Vec<(&'a CardRefunded, Destination)>;

impl Pairs<'_> {
    /// What a refund gives back of gift cards: to each card, or to whom its value has come.
    pub(super) async fn of_refund(
        &mut self,
        by: &Spender,
        refunded: &Refunded,
    ) -> Result<(), StoreError> {
        let of = elsewhere(by, refunded);
        let given = self.given(self.entry, (&of, refunded)).await?;
        for (given, destination) in &given {
            let card = AccountId::Card(given.number.clone());
            match destination {
                Destination::Part(part) => {
                    let posted = posted(&part.entry, PostingReason::Reinstated).to_string();
                    self.compare(&card, part, &given.amount.to_string(), &posted);
                }
                Destination::Nowhere => self.faults.push(missing(&card, &of)),
                Destination::Own | Destination::Wallet(..) | Destination::Unreadable => {}
            }
        }
        for (member, credits) in receivers(given).into_iter().flatten() {
            let came = |entry: &Entry| {
                credit::say(&Credit::posted(entry, PostingReason::Reinstated, &credits))
            };
            self.require(&member.into(), &of, &credit::say(&credits), came).await?;
        }
        Ok(())
    }

    /// The line of the refund that gave this wallet what had been spent of a card.
    pub(super) async fn of_arrival(
        &mut self,
        member: &MemberId,
        spender: &Spender,
        (redemption, refund): (&RedemptionId, &RefundId),
    ) -> Result<(), StoreError> {
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
        let operation = Operation::Refund(redemption.clone(), refund.clone());
        let line = match sought(self.ledger.applied(&account, &operation).await)? {
            Sought::Found(line) => line,
            Sought::Absent => {
                self.faults.push(missing(&account, &operation));
                return Ok(());
            }
            Sought::Unreadable => return Ok(()),
        };
        let came = |expected: &[Credit]| {
            credit::say(&Credit::posted(self.entry, PostingReason::Reinstated, expected))
        };
        let Detail::Refund(refunded) = &line.entry.line.detail else {
            let (came, kind) = (came(&[]), line.entry.line.detail.kind());
            self.compare(&account, &line, &came, kind);
            return Ok(());
        };
        let of = elsewhere(spender, refunded);
        let given = self.given(&line.entry, (&of, refunded)).await?;
        if let Some(mut receivers) = receivers(given) {
            let credits = receivers.remove(member).unwrap_or_default();
            let came = came(&credits);
            self.compare(&account, &line, &came, &credit::say(&credits));
        }
        Ok(())
    }

    async fn given<'a>(
        &self,
        line: &Entry,
        (of, refunded): (&Operation, &'a Refunded),
    ) -> Result<Given<'a>, StoreError> {
        let mut all = Vec::new();
        for given in &refunded.cards {
            all.push((given, self.destination(line, of, given).await?));
        }
        Ok(all)
    }

    /// Where the money for a card went by the line of a refund, whose operation in other logs is
    /// `of`.
    async fn destination(
        &self,
        line: &Entry,
        of: &Operation,
        given: &CardRefunded,
    ) -> Result<Destination, StoreError> {
        let card = AccountId::Card(given.number.clone());
        match line.account.card() {
            Some(_) => {
                let comes_back = 0 < posted(line, PostingReason::Reinstated);
                if line.account == card && comes_back {
                    return Ok(Destination::Own);
                }
            }
            None => match sought(self.ledger.applied(&card, of).await)? {
                Sought::Found(part) => return Ok(Destination::Part(part)),
                Sought::Unreadable => return Ok(Destination::Unreadable),
                Sought::Absent => {}
            },
        }
        let newest = match sought(self.ledger.newest_line(&card).await)? {
            Sought::Found(newest) => newest,
            Sought::Unreadable => return Ok(Destination::Unreadable),
            Sought::Absent => return Ok(Destination::Nowhere),
        };
        let came = newest.entry.line.wallet.card.as_ref().and_then(|card| {
            let credit = Credit::back(card, given.amount, line.recorded_at)?;
            Some(Destination::Wallet(card.receiver()?.clone(), credit))
        });
        Ok(came.unwrap_or(Destination::Nowhere))
    }
}

/// What each wallet was given. `None` when that cannot be known, for the log of a card cannot be
/// read.
fn receivers(given: Given<'_>) -> Option<BTreeMap<MemberId, Vec<Credit>>> {
    let mut receivers: BTreeMap<MemberId, Vec<Credit>> = BTreeMap::new();
    for (_, destination) in given {
        match destination {
            Destination::Wallet(member, credit) => {
                receivers.entry(member).or_default().push(credit);
            }
            Destination::Unreadable => return None,
            Destination::Own | Destination::Part(_) | Destination::Nowhere => {}
        }
    }
    Some(receivers)
}

/// The operation of a refund in logs other than that of its redemption.
fn elsewhere(by: &Spender, refunded: &Refunded) -> Operation {
    let refund = Operation::Refund(refunded.redemption.clone(), refunded.refund.clone());
    Operation::Of(by.clone(), Box::new(refund))
}
