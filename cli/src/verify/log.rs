//! One account's log, line by line.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use scrip_domain::account::AccountId;
use scrip_domain::amount::Units;
use scrip_domain::asset::Asset;
use scrip_domain::card::CardKey;
use scrip_domain::entry::{Detail, Entry};
use scrip_domain::id::{CardNumber, RedemptionId};
use scrip_domain::posting::PostingReason;
use scrip_domain::replay::{due_at, replay};
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;
use scrip_store::{Hour, RawLine, Recorded, operation_name};
use sha2::{Digest, Sha256};

use super::{Fault, Report, Violation};

/// SHA-256.
type Hash = [u8; 32];
/// What the chain of hashes begins with.
const BEFORE_THE_FIRST: Hash = [0; 32];

/// What gift cards a redemption holds value of.
pub(super) type HeldCards = Vec<(CardNumber, Units)>;

/// A line that was read, and what gift cards the redemption held that it ends.
pub(super) struct Read {
    pub(super) recorded: Arc<Recorded>,
    pub(super) held: HeldCards,
}

/// One account's log while it is read.
pub(super) struct Log {
    pub(super) account: AccountId,
    since: Option<Instant>,
    /// Whether it is read from its first line on.
    is_whole: bool,
    before: Option<Before>,
    /// The line that applied each operation, by the start of the SHA-256 of its name.
    operations: HashMap<[u8; 16], u64>,
    sums: BTreeMap<(Asset, Count), i64>,
    held: BTreeMap<RedemptionId, HeldCards>,
    card: Option<CardKey>,
    found: Report,
    pub(super) lines: u64,
    /// The newest line, when it could be read.
    newest: Option<Arc<Recorded>>,
}

/// What postings of an asset sum to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Count {
    Value,
    Debt,
}

/// The line before.
struct Before {
    number: u64,
    recorded_at: Option<Instant>,
    /// Its printed hash, and that of its bytes where it is another one.
    hashes: Vec<Hash>,
    /// Its printed state, and the replayed one where it is another one.
    states: Vec<Wallet>,
    /// Itself, when it was not read yet.
    raw: Option<RawLine>,
}

impl Log {
    /// The log of an account, of which only lines from `since` on are checked. It is read from
    /// number `from` on.
    pub(super) fn new(account: AccountId, since: Option<Instant>, from: u64) -> Self {
        Self {
            account,
            since,
            is_whole: from <= 1,
            before: None,
            operations: HashMap::new(),
            sums: BTreeMap::new(),
            held: BTreeMap::new(),
            card: None,
            found: Report::default(),
            lines: 0,
            newest: None,
        }
    }

    /// Checks the next line. Returns it when it could be read and is to be compared with what is
    /// elsewhere.
    pub(super) fn push(&mut self, raw: RawLine) -> Option<Read> {
        self.lines = self.lines.saturating_add(1);
        self.check_number(&raw);
        let hashes = self.check_hash(&raw);
        self.check_once(&raw);
        let recorded_at = raw.recorded_at();
        self.check_time(&raw, recorded_at);
        let is_early = self.since.is_some_and(|since| recorded_at.is_some_and(|at| at < since));
        if is_early {
            // What it posted is not summed.
            self.is_whole = false;
            let number = raw.number;
            let (states, raw) = (Vec::new(), Some(raw));
            self.before = Some(Before { number, recorded_at, hashes, states, raw });
            return None;
        }
        let read = self.read(&raw);
        let states = match &read {
            Some(recorded) => self.check_replay(recorded),
            None => Vec::new(),
        };
        let number = raw.number;
        self.before = Some(Before { number, recorded_at, hashes, states, raw: None });
        let recorded = Arc::new(read?);
        self.check_operation(&raw, &recorded.entry);
        self.check_armed(&recorded);
        self.add_up(&recorded.entry);
        let held = self.held_cards(&recorded.entry);
        let card = recorded.entry.line.wallet.card.as_ref();
        self.card = card.map(|card| card.key.clone()).or(self.card.take());
        self.newest = Some(Arc::clone(&recorded));
        Some(Read { recorded, held })
    }

    /// What is wrong with it, at its end, too; and its newest line, when that can be read.
    pub(super) fn finish(mut self) -> (Report, Option<Arc<Recorded>>) {
        self.check_sums();
        let anchor = self.before.take().and_then(|before| before.raw);
        let newest = self.newest.take().or_else(|| anchor?.read().ok().map(Arc::new));
        for violation in &mut self.found.violations {
            violation.card.clone_from(&self.card);
        }
        let (accounts, lines) = (u64::from(0 < self.lines), self.lines);
        (Report { accounts, lines, ..self.found }, newest)
    }

    fn report(&mut self, line: Option<u64>, fault: Fault) {
        self.found.report([Violation::new(Some(self.account.clone()), line, fault)]);
    }

    fn check_number(&mut self, raw: &RawLine) {
        let expected = match &self.before {
            Some(before) => before.number.saturating_add(1),
            None if self.is_whole => 1,
            None => raw.number,
        };
        if raw.number != expected {
            let to = raw.number.saturating_sub(1);
            self.report(Some(raw.number), Fault::LinesMissing { from: expected, to });
            self.before = None;
            self.is_whole = false;
            // Nothing is known of what it follows.
            self.held.clear();
        }
    }

    /// The hashes that the next line may follow.
    fn check_hash(&mut self, raw: &RawLine) -> Vec<Hash> {
        let Some(printed) = raw.hash() else {
            return Vec::new();
        };
        let previous = match &self.before {
            Some(before) => before.hashes.clone(),
            None if self.is_whole => vec![BEFORE_THE_FIRST],
            None => Vec::new(),
        };
        let mut own: Vec<Hash> = previous.iter().map(|hash| raw.hash_after(hash)).collect();
        match own.first() {
            Some(first) if !own.contains(&printed) => {
                let (expected, found) = (hex(first), hex(&printed));
                self.report(Some(raw.number), Fault::HashDiffers { expected, found });
            }
            _ => own.clear(),
        }
        // Where it is forged, the next line may follow either.
        own.insert(0, printed);
        own.truncate(2);
        own
    }

    fn check_once(&mut self, raw: &RawLine) {
        let Some(operation) = raw.operation() else { return };
        let digest: [u8; 32] = Sha256::digest(operation.as_bytes()).into();
        let mut short = [0; 16];
        short.iter_mut().zip(digest).for_each(|(byte, digit)| *byte = digit);
        if let Some(first) = self.operations.insert(short, raw.number) {
            let operation = operation.to_owned();
            self.report(Some(raw.number), Fault::OperationTwice { operation, first });
        }
    }

    fn check_time(&mut self, raw: &RawLine, recorded_at: Option<Instant>) {
        let before = self.before.as_ref().and_then(|before| before.recorded_at);
        if let (Some(before), Some(found)) = (before, recorded_at)
            && found < before
        {
            self.report(Some(raw.number), Fault::RecordedEarlier { before, found });
        }
    }

    fn read(&mut self, raw: &RawLine) -> Option<Recorded> {
        let fault = match raw.read() {
            Ok(recorded) => return Some(recorded),
            Err(error) => Fault::of_unreadable(error),
        };
        // Nothing is known of what follows but by the lines that follow.
        self.is_whole = false;
        self.held.clear();
        self.newest = None;
        self.report(Some(raw.number), fault);
        None
    }

    fn check_operation(&mut self, raw: &RawLine, entry: &Entry) {
        let expected = entry.line.detail.operation();
        let expected = expected.map(|operation| operation_name(&self.account, &operation));
        if expected.as_deref() != raw.operation() {
            let found = raw.operation().map(str::to_owned);
            self.report(Some(raw.number), Fault::OperationDiffers { expected, found });
        }
    }

    /// Replays the line after the one before, and after what that one must have printed where it did
    /// not. Returns the states that the next line may follow.
    fn check_replay(&mut self, recorded: &Recorded) -> Vec<Wallet> {
        let entry = &recorded.entry;
        let printed = entry.line.wallet.clone();
        let states = match &self.before {
            None if entry.number == 1 => vec![Wallet::default()],
            None => return vec![printed],
            Some(before) => {
                let anchor = before.raw.as_ref().and_then(|raw| raw.read().ok());
                let anchor = anchor.map(|anchor| anchor.entry.line.wallet);
                before.states.iter().cloned().chain(anchor).collect()
            }
        };
        let mut replays = states.iter().map(|state| replay(state, entry));
        let Some(first) = replays.next() else { return vec![printed] };
        if first.misfits.is_empty() || replays.any(|other| other.misfits.is_empty()) {
            return vec![printed];
        }
        for misfit in first.misfits {
            self.report(Some(entry.number), Fault::Replay(misfit));
        }
        vec![printed, first.wallet]
    }

    fn check_armed(&mut self, recorded: &Recorded) {
        let entry = &recorded.entry;
        let Some(due_at) = due_at(&entry.line.wallet) else { return };
        let due = Hour::of(due_at).max(Hour::of(entry.recorded_at));
        if recorded.armed.is_none_or(|armed| due < armed) {
            let found = recorded.armed;
            self.report(Some(entry.number), Fault::ArmedLate { due, found });
        }
    }

    fn add_up(&mut self, entry: &Entry) {
        for posting in &entry.line.postings {
            let is_debt =
                matches!(posting.reason, PostingReason::DebtIncurred | PostingReason::DebtRepaid);
            let counts = [Some(Count::Value), is_debt.then_some(Count::Debt)];
            for count in counts.into_iter().flatten() {
                let sum = self.sums.entry((posting.asset.clone(), count)).or_default();
                *sum = sum.saturating_add(posting.amount.get());
            }
        }
    }

    /// What was ever posted is what the newest line prints.
    fn check_sums(&mut self) {
        let Some(newest) = self.newest.as_ref().filter(|_| self.is_whole) else { return };
        let printed = printed_sums(&newest.entry.line.wallet);
        let mut keys: Vec<&(Asset, Count)> = self.sums.keys().chain(printed.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut faults = Vec::new();
        for key in keys {
            let of = |sums: &BTreeMap<(Asset, Count), i64>| sums.get(key).copied().unwrap_or(0);
            let (posted, printed) = (of(&self.sums), of(&printed));
            if posted != printed {
                let what = if key.1 == Count::Debt { ", as debt" } else { "" };
                let asset = format!("{}{what}", key.0);
                faults.push(Fault::SumDiffers { asset, posted, printed });
            }
        }
        for fault in faults {
            self.report(None, fault);
        }
    }

    /// Remembers which gift cards a redemption holds value of, until it ends. No more than there
    /// are holds.
    fn held_cards(&mut self, entry: &Entry) -> HeldCards {
        for lapsed in &entry.line.lapsed {
            self.held.remove(lapsed);
        }
        match &entry.line.detail {
            Detail::Redemption(opened) if opened.lapses_at.is_some() => {
                let cards = opened.plan.card_draws();
                let cards: HeldCards =
                    cards.map(|(number, draw)| (number.clone(), draw.amount())).collect();
                if !cards.is_empty() {
                    self.held.insert(opened.redemption.clone(), cards);
                }
                Vec::new()
            }
            Detail::Capture(it) => self.held.remove(&it.redemption).unwrap_or_default(),
            Detail::Release(it) => self.held.remove(&it.redemption).unwrap_or_default(),
            _ => Vec::new(),
        }
    }
}

/// What lots and holds of a state have, and what is owed.
fn printed_sums(wallet: &Wallet) -> BTreeMap<(Asset, Count), i64> {
    let mut sums: BTreeMap<(Asset, Count), i64> = BTreeMap::new();
    let mut add = |asset: &Asset, count: Count, amount: u64| {
        let sum = sums.entry((asset.clone(), count)).or_default();
        *sum = sum.saturating_add(amount.cast_signed());
    };
    for (asset, holding) in &wallet.assets {
        add(asset, Count::Debt, holding.debt.get());
        for lot in &holding.lots {
            add(asset, Count::Value, lot.remaining.get());
        }
    }
    for draw in wallet.holds.iter().flat_map(|hold| &hold.draws) {
        for drawn in &draw.lots {
            add(&draw.asset, Count::Value, drawn.amount.get());
        }
    }
    sums
}

fn hex(hash: &Hash) -> String {
    hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
