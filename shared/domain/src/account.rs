//! Accounts: whose log a line stands in, and the accounts that one operation changes together.

use std::collections::BTreeMap;
use std::fmt;

use crate::draft::Draft;
use crate::entry::{Decision, Detail, Line};
use crate::id::{CardNumber, MemberId};
use crate::time::Instant;
use crate::wallet::Wallet;

/// What has a log of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountId {
    /// A member's wallet.
    Member(MemberId),
    /// A gift card.
    Card(CardNumber),
}

impl AccountId {
    /// The member whose wallet it is.
    pub fn member(&self) -> Option<&MemberId> {
        match self {
            Self::Member(member) => Some(member),
            Self::Card(_) => None,
        }
    }

    /// The number of the gift card that it is.
    pub fn card(&self) -> Option<&CardNumber> {
        match self {
            Self::Card(number) => Some(number),
            Self::Member(_) => None,
        }
    }
}

/// For a log or an error: of a card the last four digits.
impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(member) => write!(f, "MEMBER#{member}"),
            Self::Card(number) => write!(f, "CARD#…{}", number.last4()),
        }
    }
}

impl From<MemberId> for AccountId {
    fn from(member: MemberId) -> Self {
        Self::Member(member)
    }
}

impl From<&MemberId> for AccountId {
    fn from(member: &MemberId) -> Self {
        Self::Member(member.clone())
    }
}

impl From<&Self> for AccountId {
    fn from(account: &Self) -> Self {
        account.clone()
    }
}

impl From<CardNumber> for AccountId {
    fn from(number: CardNumber) -> Self {
        Self::Card(number)
    }
}

/// The account that is asked, and others that were read for the same operation, each as its
/// newest line left it. One without a line is empty.
#[derive(Debug, Clone, Copy)]
pub struct Accounts<'a> {
    asked: Option<&'a AccountId>,
    wallet: &'a Wallet,
    others: Option<&'a BTreeMap<AccountId, Wallet>>,
}

impl<'a> Accounts<'a> {
    /// The account that is asked, and the others.
    pub fn new(
        asked: &'a AccountId,
        wallet: &'a Wallet,
        others: &'a BTreeMap<AccountId, Wallet>,
    ) -> Self {
        Self { asked: Some(asked), wallet, others: Some(others) }
    }

    /// The wallet of the account that is asked.
    pub fn wallet(&self) -> &'a Wallet {
        self.wallet
    }

    /// Another account; `None` when it was not read.
    pub fn other(&self, account: &AccountId) -> Option<&'a Wallet> {
        self.others?.get(account)
    }

    fn is_asked(&self, account: &AccountId) -> bool {
        self.asked == Some(account)
    }
}

/// An account alone.
impl<'a> From<&'a Wallet> for Accounts<'a> {
    fn from(wallet: &'a Wallet) -> Self {
        Self { asked: None, wallet, others: None }
    }
}

/// Drafts of the accounts of one operation, all carried to the same instant.
pub(crate) struct Drafts<'a> {
    accounts: Accounts<'a>,
    now: Instant,
    /// Of the account that is asked.
    pub(crate) own: Draft,
    others: BTreeMap<AccountId, Draft>,
}

/// Accounts that have to be read before anything can be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing(pub(crate) Vec<AccountId>);

impl<'a> Drafts<'a> {
    /// Opens a draft of the account that is asked.
    pub(crate) fn open(accounts: Accounts<'a>, now: Instant) -> Self {
        let own = Draft::open(accounts.wallet, now);
        Self { accounts, now, own, others: BTreeMap::new() }
    }

    /// The account that is asked.
    pub(crate) fn asked(&self) -> Option<&'a AccountId> {
        self.accounts.asked
    }

    /// The member whose wallet is asked.
    pub(crate) fn member(&self) -> Option<&'a MemberId> {
        self.accounts.asked?.member()
    }

    /// Requires that these were read.
    ///
    /// # Errors
    /// [`Missing`] those that were not.
    pub(crate) fn require(
        &self,
        wanted: impl IntoIterator<Item = AccountId>,
    ) -> Result<(), Missing> {
        let missing = |account: &AccountId| {
            !self.accounts.is_asked(account) && self.accounts.other(account).is_none()
        };
        let missing: Vec<AccountId> = wanted.into_iter().filter(missing).collect();
        if missing.is_empty() { Ok(()) } else { Err(Missing(missing)) }
    }

    /// The draft of an account, opened when this is the first that is asked of it.
    ///
    /// # Errors
    /// [`Missing`] when the account was not read.
    pub(crate) fn of(&mut self, account: &AccountId) -> Result<&mut Draft, Missing> {
        if self.accounts.is_asked(account) {
            return Ok(&mut self.own);
        }
        if !self.others.contains_key(account) {
            let wallet = self.accounts.other(account);
            let wallet = wallet.ok_or_else(|| Missing(vec![account.clone()]))?;
            self.others.insert(account.clone(), Draft::open(wallet, self.now));
        }
        self.others.get_mut(account).ok_or_else(|| Missing(vec![account.clone()]))
    }

    /// The lines of the account that is asked and of these others; of the rest that was opened
    /// nothing is written.
    pub(crate) fn close<T>(
        mut self,
        own: Detail,
        others: impl IntoIterator<Item = (AccountId, Detail)>,
    ) -> Decision<T> {
        let line = self.own.close(own);
        let others = others.into_iter().filter_map(|(account, detail)| {
            let draft = self.others.remove(&account)?;
            Some((account, draft.close(detail)))
        });
        let others: Vec<(AccountId, Line)> = others.collect();
        if others.is_empty() { Decision::Append(line) } else { Decision::AppendAll(line, others) }
    }
}
