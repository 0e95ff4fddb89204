//! The logs as they are in the end, read past all functions.

use std::sync::Arc;

use scrip_domain::account::AccountId;
use scrip_domain::asset::Asset;
use scrip_domain::card::CardKey;
use scrip_domain::entry::{CardMove, Operation};
use scrip_domain::posting::{Posting, PostingReason};
use scrip_domain::wallet::Due;
use scrip_edge::operation_path;
use scrip_store::{Ledger, Recorded};

use crate::simulate::Failure;
use crate::simulate::check::account;
use crate::simulate::run::Run;

/// Lines read in one call.
const PAGE: u32 = 100;

/// One log, from its first line to its last.
pub(crate) struct Passbook {
    pub(crate) account: AccountId,
    lines: Vec<Recorded>,
}

/// Every log that callers can have written in.
///
/// # Errors
/// [`Failure`]: a line that cannot be read.
pub(crate) async fn passbooks(run: &Arc<Run>) -> Result<Vec<Passbook>, Failure> {
    let ledger = run.world.ledger();
    let mut accounts: Vec<AccountId> = (0..run.members).filter_map(account).collect();
    for member in accounts.clone() {
        let Some(member) = member.member().cloned() else { continue };
        let cards = ledger.purchased_cards(&member, None, 1_000).await?;
        accounts.extend(cards.into_iter().map(|card| AccountId::Card(card.number)));
    }
    let mut books = Vec::with_capacity(accounts.len());
    for account in accounts {
        books.push(read(&ledger, account).await?);
    }
    Ok(books)
}

/// The log of a member.
///
/// # Errors
/// [`Failure`]: a line that cannot be read.
pub(crate) async fn of_member(run: &Arc<Run>, member: u64) -> Result<Option<Passbook>, Failure> {
    match account(member) {
        Some(account) => read(&run.world.ledger(), account).await.map(Some),
        None => Ok(None),
    }
}

async fn read(ledger: &Ledger, account: AccountId) -> Result<Passbook, Failure> {
    let (mut lines, mut before) = (Vec::new(), None);
    loop {
        let page = ledger.page(account.clone(), before, PAGE).await?;
        before = page.before;
        let is_empty = page.lines.is_empty();
        lines.extend(page.lines);
        if is_empty || before.is_none() {
            break;
        }
    }
    lines.reverse();
    Ok(Passbook { account, lines })
}

impl Passbook {
    /// Lines.
    pub(crate) fn count(&self) -> u64 {
        u64::try_from(self.lines.len()).unwrap_or(u64::MAX)
    }

    /// From the first to the last.
    pub(crate) fn lines(&self) -> &[Recorded] {
        &self.lines
    }

    fn card_key(&self) -> Option<&CardKey> {
        let card = self.lines.first()?.entry.line.wallet.card.as_ref();
        card.map(|card| &card.key)
    }

    /// The account as events name it: that of a card by its purchaser.
    pub(crate) fn event_account(&self) -> String {
        match (self.card_key(), &self.account) {
            (Some(key), _) => format!("{}/{}", key.purchaser, key.card),
            (None, AccountId::Member(member)) => member.to_string(),
            (None, AccountId::Card(number)) => format!("gift-card/{}", number.last4()),
        }
    }

    /// What is due next of it.
    pub(crate) fn next_due(&self) -> Option<Due> {
        self.lines.last()?.entry.line.wallet.next_due()
    }

    /// The path below `/v1/` of every operation of it that a caller asked for, and its line. A part
    /// of an operation of another account is not one.
    pub(crate) fn operations(&self) -> Vec<(String, u64)> {
        let named = self.lines.iter().filter_map(|line| {
            let operation = line.entry.line.detail.operation()?;
            Some((self.path(&operation)?, line.entry.number))
        });
        named.collect()
    }

    fn path(&self, operation: &Operation) -> Option<String> {
        let path = operation_path(operation);
        match (&self.account, operation) {
            (_, Operation::Of(..) | Operation::CardCredit(_, CardMove::Revert)) => None,
            (AccountId::Member(member), _) => Some(format!("members/{member}/{path}")),
            (AccountId::Card(_), Operation::CardMove(_, CardMove::Void)) => {
                let CardKey { purchaser, card } = self.card_key()?;
                Some(format!("members/{purchaser}/gift-cards/{card}/void"))
            }
            // That somebody got it stands in their log.
            (AccountId::Card(_), Operation::CardMove(..)) => None,
            (AccountId::Card(_), Operation::CardIssue(key)) => {
                Some(format!("members/{}/{path}", key.purchaser))
            }
            (AccountId::Card(_), _) => Some(format!("gift-card-{path}")),
        }
    }

    /// Money that has left this card for a wallet, in minor units.
    pub(crate) fn left_cards(&self) -> i128 {
        let is_card = matches!(self.account, AccountId::Card(_));
        let left =
            self.postings().filter(|it| it.reason == PostingReason::TransferredOut && is_card);
        left.map(|it| -i128::from(it.amount.get())).sum()
    }

    /// Money that has come into this wallet from cards, in minor units.
    pub(crate) fn came_from_cards(&self) -> i128 {
        let came = self.postings().filter(|it| {
            it.reason == PostingReason::TransferredIn && matches!(it.asset, Asset::Credit(..))
        });
        came.map(|it| i128::from(it.amount.get())).sum()
    }

    fn postings(&self) -> impl Iterator<Item = &Posting> {
        self.lines.iter().flat_map(|line| &line.entry.line.postings)
    }
}
