//! The log of a gift card with every kind of line, and that of whoever claimed it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use scrip_domain::account::{AccountId, Accounts};
use scrip_domain::card::claim::{self, Claim};
use scrip_domain::card::issue::{self, Issue};
use scrip_domain::card::spend::{self, Spend};
use scrip_domain::card::{CardKey, PinTerms};
use scrip_domain::currency::Currency;
use scrip_domain::entry::{Decision, Entry, Line};
use scrip_domain::program::{Document, Program};
use scrip_domain::redeem::{
    self, Basket, BasketLine, CardUse, History, Redemption, Settlement, Uses, Wanted, capture,
    refund, release,
};
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;

/// The books of several accounts.
struct Books {
    program: Program,
    now: Instant,
    entries: BTreeMap<AccountId, Vec<Entry>>,
}

const CARD: &str = "6000000000000007";

fn card() -> AccountId {
    AccountId::Card(CARD.parse().unwrap())
}

fn member(name: &str) -> AccountId {
    AccountId::Member(name.parse().unwrap())
}

/// Of the card, and of bob, who spends it, claims it and is refunded.
pub(super) fn logs() -> [Vec<Entry>; 2] {
    let sample = include_str!("../../../../domain/programs/sample.json");
    let document: Document = serde_json::from_str(sample).unwrap();
    let program = Program::from_document(&document).unwrap();
    let now = "2026-11-21T03:04:05.678Z".parse().unwrap();
    let mut books = Books { program, now, entries: BTreeMap::new() };
    books.issue();
    let spend = |id: &str, settlement| Spend {
        redemption: id.parse().unwrap(),
        currency: Currency::parse("AUD").unwrap(),
        amount: 1000_u64.try_into().unwrap(),
        settlement,
    };
    for (id, settlement) in [("direct", Settlement::AtOnce), ("held", Settlement::Held(None))] {
        let (program, now) = (books.program.clone(), books.now);
        let decided = spend::decide(&books.wallet(&card()), &program, &spend(id, settlement), now);
        books.append(&card(), decided);
    }
    books.capture(&card(), "held");
    books.refund(&card(), "held", 500);
    for (id, settlement) in [
        ("b-1", Settlement::AtOnce),
        ("b-2", Settlement::Held(None)),
        ("b-3", Settlement::Held(None)),
    ] {
        books.redeem(id, settlement);
    }
    books.capture(&member("bob"), "b-2");
    books.release("b-3");
    books.refund(&member("bob"), "b-1", 300);
    books.claim();
    books.refund(&member("bob"), "b-2", 200);
    books.refund(&card(), "direct", 100);
    [books.entries.remove(&card()).unwrap(), books.entries.remove(&member("bob")).unwrap()]
}

impl Books {
    fn wallet(&self, account: &AccountId) -> Wallet {
        let entries = self.entries.get(account).and_then(|entries| entries.last());
        entries.map(|entry| entry.line.wallet.clone()).unwrap_or_default()
    }

    fn others(&self) -> BTreeMap<AccountId, Wallet> {
        [card(), member("bob")].map(|account| (account.clone(), self.wallet(&account))).into()
    }

    fn push(&mut self, account: &AccountId, line: Line) {
        let entries = self.entries.entry(account.clone()).or_default();
        entries.push(Entry {
            account: account.clone(),
            number: entries.len() as u64 + 1,
            recorded_at: self.now,
            by: "till".to_owned(),
            program: 1,
            line,
        });
    }

    fn append<T: Debug, R: Debug>(&mut self, asked: &AccountId, decided: Result<Decision<T>, R>) {
        match decided.unwrap() {
            Decision::Append(line) => self.push(asked, line),
            Decision::AppendAll(line, others) => {
                self.push(asked, line);
                for (account, line) in others {
                    self.push(&account, line);
                }
            }
            other => panic!("{other:?}"),
        }
        self.now = self.now.plus_seconds(1).unwrap();
    }

    fn decide<T: Debug, R: Debug>(
        &mut self,
        asked: &AccountId,
        decide: impl FnOnce(Accounts<'_>, &Program, Instant) -> Result<Decision<T>, R>,
    ) {
        let (wallet, others) = (self.wallet(asked), self.others());
        let accounts = Accounts::new(asked, &wallet, &others);
        let decided = decide(accounts, &self.program, self.now);
        self.append(asked, decided);
    }

    fn issue(&mut self) {
        let issue = Issue {
            key: CardKey { purchaser: "ann".parse().unwrap(), card: "c-1".parse().unwrap() },
            definition: "standard".parse().unwrap(),
            amount: 10_000_u64.try_into().unwrap(),
            currency: None,
            revert_at: None,
            expires_at: Some("2028-01-01T00:00:00Z".parse().unwrap()),
            pin: PinTerms { key: "1".parse().unwrap(), digits: 6 },
        };
        self.decide(&card(), |accounts, program, now| {
            issue::decide(accounts.wallet(), program, &issue, now)
        });
    }

    fn redeem(&mut self, id: &str, settlement: Settlement) {
        let line = BasketLine {
            id: "1".parse().unwrap(),
            kind: scrip_domain::purchase::LineKind::Product,
            category: None,
            amount: 700_u64.try_into().unwrap(),
        };
        let card = CardUse { number: CARD.parse().unwrap(), amount: Wanted::Max };
        let uses = Uses { gift_cards: vec![card], ..Uses::default() };
        let currency = self.program.currency;
        let redemption = Redemption {
            redemption: id.parse().unwrap(),
            basket: Basket { currency, lines: vec![line], uses },
            settlement,
            expected_due: None,
        };
        self.decide(&member("bob"), |accounts, program, now| {
            redeem::decide(accounts, program, &redemption, now)
        });
    }

    fn history(&self, account: &AccountId, id: &str) -> Option<History> {
        let entries = self.entries.get(account).into_iter().flatten().rev();
        let mut histories = entries.filter_map(History::of);
        histories.find(|history| history.redemption().as_str() == id)
    }

    fn capture(&mut self, account: &AccountId, id: &str) {
        let history = self.history(account, id);
        self.decide(account, |accounts, _, now| {
            capture::decide(accounts, history.as_ref(), &capture::Part::Full, now)
        });
    }

    fn release(&mut self, id: &str) {
        let history = self.history(&member("bob"), id);
        self.decide(&member("bob"), |accounts, _, now| {
            release::decide(accounts, history.as_ref(), now)
        });
    }

    fn refund(&mut self, account: &AccountId, id: &str, cents: u64) {
        let history = self.history(account, id);
        let part = refund::Part::Amount(cents.try_into().unwrap());
        let refund = refund::Refund { refund: "back".parse().unwrap(), part };
        let number = self.entries.get(account).map_or(0, Vec::len) as u64 + 1;
        self.decide(account, |accounts, program, now| {
            refund::decide(accounts, program, history.as_ref(), &refund, (number, now))
        });
    }

    fn claim(&mut self) {
        let number = CARD.parse().unwrap();
        let claim = Claim { member: "bob".parse().unwrap(), number };
        self.decide(&member("bob"), |accounts, _, now| claim::decide(accounts, &claim, now));
    }
}
