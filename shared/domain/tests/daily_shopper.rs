//! A wallet stays small however long and often its member shops.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

#[path = "support/sample.rs"]
mod sample;

use scrip_domain::amount::Minor;
use scrip_domain::program::Program;
use scrip_domain::purchase::{self, LineKind, Purchase, PurchaseLine};
use scrip_domain::redeem::{
    self, Basket, BasketLine, PointsUse, Redemption, Settlement, Uses, Wanted,
};
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;

use sample::{appended, at, minor, named, program};

const DAY_SECONDS: u64 = 24 * 60 * 60;
const DAYS: u64 = 731;
/// A redemption every so many days makes thirty of them.
const REDEMPTION_DAYS: u64 = 24;
/// 14 pending lots (15 when clocks have gone back), one for each of the 13 months whose end they
/// may expire with, and little to spare.
const LOTS_MAX: usize = 30;

fn bought(program: &Program, wallet: &Wallet, day: u64, now: Instant) -> Wallet {
    let purchase = Purchase {
        order: named(&format!("order-{day}")),
        currency: program.currency,
        transacted_at: now,
        location: None,
        country: None,
        lines: vec![PurchaseLine {
            id: named("1"),
            category: None,
            kind: LineKind::Product,
            net: minor(1000),
        }],
        paid_by_promotional_credit: Minor::ZERO,
        redemption: None,
    };
    appended(purchase::decide(wallet, program, &purchase, None, now).unwrap()).wallet
}

fn redeemed(program: &Program, wallet: &Wallet, day: u64, now: Instant) -> Wallet {
    let redemption = Redemption {
        redemption: named(&format!("redemption-{day}")),
        basket: Basket {
            currency: program.currency,
            lines: vec![BasketLine {
                id: named("1"),
                kind: LineKind::Product,
                category: None,
                amount: minor(50),
            }],
            uses: Uses {
                points: vec![PointsUse { points: named("reward"), amount: Wanted::Max }],
                ..Uses::default()
            },
        },
        settlement: Settlement::AtOnce,
        expected_due: None,
    };
    appended(redeem::decide(wallet, program, &redemption, now).unwrap()).wallet
}

#[test]
fn wallet_of_a_daily_shopper_never_has_more_than_thirty_lots_of_a_definition() {
    let program = program();
    let start = at("2026-01-01T03:04:05Z");
    let (mut wallet, mut redemptions, mut most) = (Wallet::default(), 0, 0);
    for day in 0..DAYS {
        let now = start.plus_seconds(day * DAY_SECONDS).unwrap();
        wallet = bought(&program, &wallet, day, now);
        if day % REDEMPTION_DAYS == REDEMPTION_DAYS - 1 {
            wallet = redeemed(&program, &wallet, day, now);
            redemptions += 1;
        }
        for holding in wallet.assets.values() {
            most = most.max(holding.lots.len());
        }
        assert!(most <= LOTS_MAX, "{most} lots on day {day}");
    }
    assert_eq!((redemptions, most), (30, 28));
    assert_eq!(wallet.assets.len(), 2);
}
