//! Forged lines: a sound one, changed in one place at a time, which a second reading must refuse.
//!
//! What a line alone decides is not forged, for nothing before it says otherwise:
//!
//! - whose line it is, its number, instant and caller: they are of the log, not of the line;
//! - ids, reasons and names that callers give;
//! - what the program decides: a level's anniversary within its bounds, how many points a purchase
//!   earns, and of a gift card the credit it becomes, its PIN and when it reverts;
//! - prices, shares and what a plan passed over: planning is the program's;
//! - what a return takes of points, of the counts of lots and of the levels that its order reached:
//!   earlier lines of its order say how much of it came back;
//! - what refunds have given back so far, and what a lot was that a refund makes anew: earlier lines of
//!   their redemption say;
//! - `reviewed` of the state: no line stores it.
//!
//! The other exceptions stand beside what they except.

#[path = "forged/detail.rs"]
mod detail;
#[path = "forged/postings.rs"]
mod postings;
#[path = "forged/state.rs"]
mod state;

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;
use scrip_domain::entry::Entry;
use scrip_domain::replay::replay;
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;

/// What fails is not worth a long search for the shortest history: the message names one line.
const SHRINKS_MAX: u32 = 64;

/// For a property that forges: fewer cases than one that does not, for a line is forged in hundreds
/// of places; and always the same ones, but in a long run, which is to find what nobody thought of.
pub(crate) fn config(cases: ProptestConfig) -> ProptestConfig {
    let is_long = std::env::var_os("SCRIP_CASES").is_some();
    let rng_seed = if is_long { RngSeed::Random } else { RngSeed::Fixed(1) };
    let max_shrink_iters = cases.max_shrink_iters.min(SHRINKS_MAX);
    ProptestConfig { max_shrink_iters, rng_seed, ..cases }
}

/// Every line of a log that is read without a misfit has one as soon as any one thing in it is
/// another. Of a line that tests write to move value under another name, nothing is asked.
#[track_caller]
pub(crate) fn assert_no_forgery_is_believed(log: &[Entry]) {
    let empty = Wallet::default();
    let mut before = &empty;
    for entry in log {
        assert_refuses_forgeries(before, entry);
        before = &entry.line.wallet;
    }
}

#[track_caller]
fn assert_refuses_forgeries(before: &Wallet, entry: &Entry) {
    let is_refused = |entry: &Entry| !replay(before, entry).misfits.is_empty();
    if is_refused(entry) {
        return;
    }
    let mut forger = Forger { before, entry, is_refused: &is_refused, believed: Vec::new() };
    postings::forge(&mut forger);
    state::forge(&mut forger);
    detail::forge(&mut forger);
    let believed = forger.believed;
    assert!(believed.is_empty(), "believed: {believed:#?}\nbefore: {before:#?}\nline: {entry:#?}");
}

/// Tries forgeries of one line, and keeps the names of those that are believed.
struct Forger<'a> {
    before: &'a Wallet,
    entry: &'a Entry,
    is_refused: &'a dyn Fn(&Entry) -> bool,
    believed: Vec<String>,
}

impl<'a> Forger<'a> {
    fn entry(&self) -> &'a Entry {
        self.entry
    }

    /// A forgery that changes nothing is none.
    fn change(&mut self, name: impl Into<String>, change: impl FnOnce(&mut Entry)) {
        let mut forged = self.entry.clone();
        change(&mut forged);
        if forged != *self.entry && !(self.is_refused)(&forged) {
            self.believed.push(name.into());
        }
    }
}

/// Instants that are not this one: just before, just after, none.
fn other_than(at: Option<Instant>) -> Vec<Option<Instant>> {
    let Some(at) = at else { return vec![Some(named_instant())] };
    let beside =
        [-1, 1].into_iter().filter_map(|millis| Instant::from_millis(at.millis() + millis));
    beside.map(Some).chain([None]).collect()
}

/// An instant long after every history.
fn named_instant() -> Instant {
    "2090-01-01T00:00:00Z".parse().unwrap()
}
