//! Sums of what was posted, made afresh each time.

use std::collections::BTreeMap;

use scrip_domain::asset::{Asset, Kind};
use scrip_domain::entry::{Entry, Line};
use scrip_domain::id::LotId;
use scrip_domain::posting::{Posting, PostingReason};
use scrip_domain::redeem::Plan;
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Draw, Wallet};

use crate::replayed::assert_replays;
use crate::sample::entry;

/// A log: the state after its last line and everything that was posted.
#[derive(Default)]
pub(crate) struct Passbook {
    pub(crate) wallet: Wallet,
    pub(crate) postings: Vec<Posting>,
    pub(crate) entries: Vec<Entry>,
}

type Source = (Asset, Option<LotId>);

impl Passbook {
    #[track_caller]
    pub(crate) fn append(&mut self, line: &Line, at: Instant) {
        let entry = entry(line.clone(), 1, at);
        assert_replays(&self.wallet, &entry);
        self.entries.push(entry);
        self.wallet = line.wallet.clone();
        self.postings.extend(line.postings.iter().cloned());
    }

    /// Of every asset, and of every reward, benefit and credit, the postings sum to what lots and
    /// holds have; of one with an identity they were never below zero. Those of debt sum to the
    /// debt.
    #[track_caller]
    pub(crate) fn assert_adds_up(&self) {
        let mut sums: BTreeMap<Source, i64> = BTreeMap::new();
        let mut debts: BTreeMap<Asset, i64> = BTreeMap::new();
        for posting in &self.postings {
            let amount = posting.amount.get();
            assert_ne!(amount, 0, "{posting:?}");
            let sum = sums.entry((posting.asset.clone(), posting.id.clone())).or_default();
            *sum += amount;
            assert!(*sum >= 0 || posting.id.is_none(), "{posting:?}");
            let debt = debts.entry(posting.asset.clone()).or_default();
            if let PostingReason::DebtIncurred | PostingReason::DebtRepaid = posting.reason {
                *debt += amount;
            }
            assert!(*debt >= 0, "{posting:?}");
        }
        let mut stands: BTreeMap<Source, i64> = BTreeMap::new();
        let mut owed: BTreeMap<Asset, i64> = BTreeMap::new();
        for (asset, holding) in &self.wallet.assets {
            for lot in &holding.lots {
                let stands = stands.entry((asset.clone(), lot.id().cloned())).or_default();
                *stands += i64::try_from(lot.remaining.get()).unwrap();
            }
            owed.insert(asset.clone(), i64::try_from(holding.debt.get()).unwrap());
        }
        for draw in self.wallet.holds.iter().flat_map(|hold| &hold.draws) {
            for drawn in &draw.lots {
                let stands = stands.entry((draw.asset.clone(), drawn.id.clone())).or_default();
                *stands += i64::try_from(drawn.amount.get()).unwrap();
            }
        }
        assert_eq!(nonzero(sums), nonzero(stands));
        assert_eq!(nonzero(debts), nonzero(owed));
    }
}

fn nonzero<K: Ord>(mut sums: BTreeMap<K, i64>) -> BTreeMap<K, i64> {
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// What the lines of a redemption took and gave back, by asset.
#[derive(Debug, Default)]
pub(crate) struct Paid {
    taken: BTreeMap<Source, i64>,
    back: BTreeMap<Asset, i64>,
    /// What was left to the till to pay back.
    pub(crate) external: u64,
}

impl Paid {
    pub(crate) fn take(&mut self, line: &Line) {
        for posting in &line.postings {
            let amount = posting.amount.get();
            match posting.reason {
                PostingReason::Redeemed => {
                    let source = (posting.asset.clone(), posting.id.clone());
                    *self.taken.entry(source).or_default() -= amount;
                }
                PostingReason::Reinstated => {
                    *self.back.entry(posting.asset.clone()).or_default() += amount;
                }
                _ => {}
            }
        }
    }

    #[track_caller]
    pub(crate) fn assert_nothing(&self) {
        assert!(self.taken.is_empty() && self.back.is_empty(), "{self:?}");
    }

    /// What was posted is what the plan draws, lot by lot.
    #[track_caller]
    pub(crate) fn assert_took(&self, plan: &Plan) {
        let mut planned: BTreeMap<Source, i64> = BTreeMap::new();
        for Draw { asset, lots } in plan.draws() {
            for drawn in lots {
                let planned = planned.entry((asset.clone(), drawn.id.clone())).or_default();
                *planned += i64::try_from(drawn.amount.get()).unwrap();
            }
        }
        assert_eq!(self.taken, planned);
    }

    fn taken_of_assets(&self) -> BTreeMap<Asset, i64> {
        let mut taken: BTreeMap<Asset, i64> = BTreeMap::new();
        for ((asset, _), amount) in &self.taken {
            *taken.entry(asset.clone()).or_default() += amount;
        }
        taken
    }

    #[track_caller]
    pub(crate) fn assert_never_gave_more(&self) {
        let taken = self.taken_of_assets();
        for (asset, back) in &self.back {
            assert!(taken.get(asset).is_some_and(|taken| back <= taken), "{asset}");
        }
    }

    #[track_caller]
    pub(crate) fn assert_gave_all_back(&self) {
        assert_eq!(self.taken_of_assets(), self.back);
    }

    /// How much credit came back.
    pub(crate) fn credits_back(&self) -> u64 {
        let credits = self.back.iter().filter(|(asset, _)| asset.kind() == Some(Kind::Credit));
        credits.map(|(_, amount)| u64::try_from(*amount).unwrap()).sum()
    }
}
