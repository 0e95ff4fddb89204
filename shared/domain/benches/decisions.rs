//! How long decisions take, on the wallet of a regular (10 lots) and on one ten times as big.
//!
//! `cargo bench -p scrip-domain -- --quick`
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark")]

#[path = "../tests/support/sample.rs"]
mod sample;

use std::hint::black_box;

use criterion::Criterion;
use scrip_domain::amount::Minor;
use scrip_domain::award::{self, Award};
use scrip_domain::draft::Draft;
use scrip_domain::posting::PostingReason;
use scrip_domain::program::Program;
use scrip_domain::purchase::{self, LineKind, Purchase, PurchaseLine};
use scrip_domain::redeem::{
    self, Basket, BasketLine, PointsUse, Redemption, Settlement, Uses, Wanted,
};
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;

use sample::{at, minor, named, points, program};

const LOT_COUNTS: [u64; 2] = [10, 100];
const POINTS_PER_LOT: u64 = 100;
const DAY_SECONDS: u64 = 24 * 60 * 60;

/// A wallet of reward points, which expire on as many days from tomorrow on.
fn wallet(lots: u64, now: Instant) -> Wallet {
    let mut draft = Draft::open(&Wallet::default(), now);
    for day in 1..=lots {
        let (reward, count) = (named("reward"), points(POINTS_PER_LOT));
        let expires_at = now.plus_seconds(day * DAY_SECONDS);
        let issued = PostingReason::Issued;
        draft.issue(&reward, count, issued, None, expires_at).unwrap();
    }
    draft.into_wallet()
}

fn purchase(program: &Program, now: Instant) -> Purchase {
    let line = |id: &str| PurchaseLine {
        id: named(id),
        category: Some(named("apparel")),
        kind: LineKind::Product,
        net: minor(5995),
    };
    Purchase {
        order: named("1000234"),
        currency: program.currency,
        transacted_at: now,
        location: Some(named("mel-01")),
        country: None,
        lines: vec![line("1"), line("2"), line("3")],
        paid_by_promotional_credit: Minor::ZERO,
        redemption: None,
    }
}

fn award() -> Award {
    Award {
        award: named("spring"),
        points: named("survey"),
        amount: points(50),
        reason: named("spring survey"),
        issued_at: None,
        accrue_at: None,
        expires_at: None,
    }
}

/// Takes every point of every lot.
fn redemption(program: &Program, lots: u64) -> Redemption {
    Redemption {
        redemption: named("basket-77"),
        basket: Basket {
            currency: program.currency,
            lines: vec![BasketLine {
                id: named("1"),
                kind: LineKind::Product,
                category: None,
                amount: minor(lots * POINTS_PER_LOT),
            }],
            uses: Uses {
                points: vec![PointsUse { points: named("reward"), amount: Wanted::Max }],
                ..Uses::default()
            },
        },
        settlement: Settlement::AtOnce,
        expected_due: Some(Minor::ZERO),
    }
}

fn decisions(criterion: &mut Criterion) {
    let program = program();
    let now = at("2026-11-21T03:04:05Z");
    for lots in LOT_COUNTS {
        let wallet = wallet(lots, now);
        let id = |name: &str| format!("{name} of {lots} lots");
        let purchase = purchase(&program, now);
        criterion.bench_function(&id("purchase"), |bench| {
            bench.iter(|| purchase::decide(black_box(&wallet), &program, &purchase, None, now));
        });
        let award = award();
        criterion.bench_function(&id("award"), |bench| {
            bench.iter(|| award::decide(black_box(&wallet), &program, &award, now));
        });
        let redemption = redemption(&program, lots);
        criterion.bench_function(&id("redemption"), |bench| {
            bench.iter(|| redeem::decide(black_box(&wallet), &program, &redemption, now));
        });
        criterion.bench_function(&id("settle_nothing_due"), |bench| {
            bench.iter(|| Draft::open(black_box(&wallet), now));
        });
        let later = now.plus_seconds(lots * DAY_SECONDS).unwrap();
        criterion.bench_function(&id("settle_all_due"), |bench| {
            bench.iter(|| Draft::open(black_box(&wallet), later));
        });
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    decisions(&mut criterion);
    criterion.final_summary();
}
