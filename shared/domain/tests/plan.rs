//! Random wallets, baskets and uses: whatever a plan comes to, its parts sum to the whole, and it
//! takes nothing that is not there.
//!
//! `SCRIP_CASES=10000 cargo test -p scrip-domain --test plan --release` tries so many.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

#[path = "support/cases.rs"]
mod cases;
#[path = "support/sample.rs"]
mod sample;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::subsequence;
use scrip_domain::amount::{Minor, Units};
use scrip_domain::asset::{Asset, Kind};
use scrip_domain::draft::Draft;
use scrip_domain::entry::Detail;
use scrip_domain::id::LotId;
use scrip_domain::posting::PostingReason;
use scrip_domain::program::{BenefitEffect, CreditKind, Program};
use scrip_domain::purchase::LineKind;
use scrip_domain::redeem::{
    self, Basket, BasketLine, MoneyUse, Plan, PlanLine, PlanRefusal, PointsUse, Redemption,
    Refusal, Settlement, Tender, Uses, Wanted,
};
use scrip_domain::wallet::Wallet;
use serde_json::json;

use cases::cases;
use sample::{appended, at, granted, minor, named, points, program_of, units};

const BEFORE: &str = "2026-11-21T03:04:05Z";
/// The instant at which some of the value expires.
const NOW: &str = "2026-11-25T00:00:00Z";
const CASES_DEFAULT: u32 = 256;

fn program() -> Program {
    let worth = json!({"points": 3, "money": "0.05"});
    program_of(
        "AUD",
        json!({
            "points": [{"handle": "p", "name": "P", "kind": "reward", "value": worth},
                       {"handle": "q", "name": "Q", "kind": "action",
                        "value": {"points": 1, "money": "0.01"}}],
            "rewards": [{"handle": "plain"},
                        {"handle": "half", "excludes": ["shipping"], "minimum_spend": "5.00",
                         "excluded_categories": ["sale"], "maximum_share": "0.45"}],
            "benefits": [{"handle": "percent", "percent_off": "12.5"},
                         {"handle": "amount", "amount_off": "3.33"},
                         {"handle": "hem", "service": true}],
            "credits": [{"handle": "promo", "kind": "promotional"},
                        {"handle": "store", "kind": "store"}],
        }),
    )
}

const DEFINITIONS: [(Kind, &str); 7] = [
    (Kind::Benefit, "percent"),
    (Kind::Benefit, "amount"),
    (Kind::Benefit, "hem"),
    (Kind::Reward, "plain"),
    (Kind::Reward, "half"),
    (Kind::Credit, "promo"),
    (Kind::Credit, "store"),
];
const LOTS: usize = 14;

/// Until when something of the wallet can be spent.
fn until() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        3 => Just(""),
        1 => Just(" until 2026-11-25T00:00:00Z"),
        1 => Just(" until 2026-11-25T00:00:00.001Z"),
        2 => Just(" until 2026-12-25T00:00:00Z"),
    ]
}

/// Two of each definition, named by their places, and points.
fn wallet() -> impl Strategy<Value = Wallet> {
    let lots = prop::collection::vec((1_u64..900, until()), LOTS);
    (lots, 0_u64..900, 0_u64..400).prop_map(|(lots, p, q)| {
        let texts = lots.iter().enumerate().map(|(place, (amount, until))| {
            let (kind, definition) = DEFINITIONS[place % DEFINITIONS.len()];
            let amount = if kind == Kind::Benefit { amount % 3 + 1 } else { *amount };
            format!("{kind} {definition} {place} {amount}{until}")
        });
        let texts: Vec<String> = texts.collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let wallet = granted(&Wallet::default(), &program(), &texts, BEFORE);
        let mut draft = Draft::open(&wallet, at(BEFORE));
        for (definition, count) in [("p", p), ("q", q)] {
            if count > 0 {
                let issued = PostingReason::Issued;
                draft.issue(&named(definition), points(count), issued, None, None).unwrap();
            }
        }
        draft.into_wallet()
    })
}

fn line() -> impl Strategy<Value = (LineKind, Option<&'static str>, u64)> {
    let kind = prop_oneof![
        4 => Just(LineKind::Product),
        1 => Just(LineKind::Shipping),
        1 => Just(LineKind::GiftCard),
    ];
    let category = prop_oneof![3 => Just(None), 1 => Just(Some("sale"))];
    (kind, category, prop_oneof![1 => Just(0_u64), 1 => 1_u64..10, 6 => 1_u64..1500])
}

fn ids(kind: Kind) -> Vec<LotId> {
    let of_kind = (0..LOTS).filter(|place| DEFINITIONS[place % DEFINITIONS.len()].0 == kind);
    of_kind.map(|place| named(&place.to_string())).collect()
}

fn some_of(kind: Kind) -> impl Strategy<Value = Vec<LotId>> {
    let ids = ids(kind);
    let most = ids.len();
    subsequence(ids, 0..=most).prop_shuffle()
}

fn wanted() -> impl Strategy<Value = Wanted<Minor>> {
    prop_oneof![
        3 => Just(Wanted::Max),
        1 => (0_u64..150).prop_map(|amount| Wanted::Exactly(minor(amount))),
    ]
}

fn money_use(kind: Kind) -> impl Strategy<Value = MoneyUse> {
    let each = some_of(kind).prop_flat_map(|ids| {
        let wanted = prop::collection::vec(wanted(), ids.len());
        wanted.prop_map(move |wanted| MoneyUse::Each(ids.iter().cloned().zip(wanted).collect()))
    });
    prop_oneof![
        1 => Just(MoneyUse::Nothing),
        3 => wanted().prop_map(MoneyUse::All),
        2 => each,
    ]
}

fn points_use() -> impl Strategy<Value = Vec<PointsUse>> {
    let amount = || {
        prop_oneof![
            3 => Just(Wanted::Max),
            1 => (0_u64..30).prop_map(|steps| Wanted::Exactly(points(steps * 3))),
        ]
    };
    let both = (amount(), amount()).prop_map(|(p, q)| {
        let of = |points: &str, amount| PointsUse { points: named(points), amount };
        vec![of("p", p), of("q", q)]
    });
    both.prop_flat_map(|both| subsequence(both, 0..=2).prop_shuffle())
}

fn uses() -> impl Strategy<Value = Uses> {
    let benefits = some_of(Kind::Benefit).prop_map(|ids| ids.into_iter().take(2).collect());
    let parts = (benefits, money_use(Kind::Reward), points_use(), money_use(Kind::Credit));
    parts.prop_map(|(benefits, rewards, points, credits)| Uses {
        gift_cards: Vec::new(),
        benefits,
        rewards,
        points,
        credits,
    })
}

fn basket() -> impl Strategy<Value = Basket> {
    (prop::collection::vec(line(), 1..6), uses()).prop_map(|(lines, uses)| {
        let lines = lines.iter().enumerate().map(|(place, (kind, category, amount))| BasketLine {
            id: named(&place.to_string()),
            kind: *kind,
            category: category.map(named),
            amount: minor(*amount),
        });
        Basket { currency: program().currency, lines: lines.collect(), uses }
    })
}

fn total(amounts: impl IntoIterator<Item = Minor>) -> u64 {
    amounts.into_iter().map(Minor::get).sum()
}

/// What every plan keeps to.
fn check_plan(plan: &Plan, basket: &Basket) {
    assert_eq!(total(plan.lines.iter().map(|line| line.amount)), plan.subtotal().get());
    for (place, discount) in plan.discounts.iter().enumerate() {
        let shares = total(plan.lines.iter().map(|line| line.shares[place]));
        assert_eq!(shares, discount.amount.get(), "shares of a discount");
    }
    for (line, asked) in plan.lines.iter().zip(&basket.lines) {
        assert_eq!(line.shares.len(), plan.discounts.len());
        let taken = total(line.shares.iter().copied());
        assert!(taken <= line.amount.get(), "a line below zero");
        let is_gift_card = asked.kind == LineKind::GiftCard;
        assert!(!is_gift_card || taken == 0, "a discount on a gift card");
    }
    let discounts = total(plan.discounts.iter().map(|discount| discount.amount));
    let tenders = total(plan.tenders.iter().map(Tender::amount));
    assert_eq!(discounts + tenders + plan.due().get(), plan.subtotal().get());
    let open = plan.lines.iter().filter(|line| !line.is_gift_card);
    let open = total(open.map(PlanLine::net));
    assert!(plan.promotional().get() <= open, "promotional credit pays for gift cards");
    check_bounds(plan, basket);
    check_order(plan);
}

/// The share of all rewards of a definition together and its lines.
fn check_bounds(plan: &Plan, basket: &Basket) {
    let benefits =
        plan.discounts.iter().filter(|each| matches!(each.draw.asset, Asset::Benefit(_)));
    let benefits = benefits.count();
    let is_half =
        |asset: &Asset| asset.kind() == Some(Kind::Reward) && asset.definition().as_str() == "half";
    let (mut base, mut used) = (0, 0);
    for (line, asked) in plan.lines.iter().zip(&basket.lines) {
        let of_half = plan.discounts.iter().zip(&line.shares);
        let of_half = of_half.filter(|(discount, _)| is_half(&discount.draw.asset));
        let of_half = total(of_half.map(|(_, share)| *share));
        if asked.kind == LineKind::Product && asked.category.is_none() {
            base += line.amount.get() - total(line.shares[..benefits].iter().copied());
            used += of_half;
        } else {
            assert_eq!(of_half, 0, "a reward on a line that it excludes");
        }
    }
    assert!(used <= base * 45 / 100, "{used} of {base}");
    assert!(used == 0 || 500 <= base, "{used} of {base}");
}

/// Benefits, rewards, points; promotional credit, store credit; of each the soonest expiry first.
fn check_order(plan: &Plan) {
    let step = |asset: &Asset| match asset {
        Asset::Benefit(_) => 0,
        Asset::Reward(..) => 1,
        Asset::Points(_) => 2,
        Asset::Credit(..) | Asset::GiftCard(..) => panic!("a credit is no discount"),
    };
    let steps: Vec<u8> = plan.discounts.iter().map(|each| step(&each.draw.asset)).collect();
    assert!(steps.is_sorted());
    let rewards = plan.discounts.iter().filter(|each| step(&each.draw.asset) == 1);
    let expiry = |draw: &scrip_domain::wallet::Draw| {
        let expires_at = draw.lots[0].expires_at;
        (expires_at.is_none(), expires_at)
    };
    assert!(rewards.map(|each| expiry(&each.draw)).is_sorted());
    let rank = |kind: CreditKind| CreditKind::ALL.iter().position(|each| *each == kind);
    let tenders = plan.tenders.iter().map(|tender| (rank(tender.kind), expiry(&tender.draw)));
    assert!(tenders.is_sorted());
}

/// What a plan draws of each lot.
fn drawn(plan: &Plan) -> BTreeMap<(Asset, Option<LotId>), u64> {
    let mut drawn = BTreeMap::new();
    for draw in plan.draws() {
        for each in &draw.lots {
            assert!(!each.amount.is_zero(), "a draw of nothing");
            *drawn.entry((draw.asset.clone(), each.id.clone())).or_default() += each.amount.get();
        }
    }
    drawn
}

/// It draws nothing beyond what is there, and what it lowers prices by is what that is worth.
fn check_draws(plan: &Plan, program: &Program, wallet: &Wallet) {
    for ((asset, id), amount) in drawn(plan) {
        let available = match &id {
            None => wallet.available(&asset),
            Some(id) => wallet.lot(asset.kind().unwrap(), id).unwrap().1.remaining,
        };
        assert!(amount <= available.get(), "{asset} {id:?}");
    }
    for discount in &plan.discounts {
        let units = discount.draw.amount().get();
        match &discount.draw.asset {
            Asset::Benefit(definition) => {
                assert_eq!(units, 1);
                let effect = &program.benefit(definition).unwrap().effect;
                assert_eq!(discount.amount.is_zero(), *effect == BenefitEffect::Service);
            }
            Asset::Points(points) if points.as_str() == "p" => {
                assert_eq!((units % 3, units / 3 * 5), (0, discount.amount.get()));
            }
            _ => assert_eq!(units, discount.amount.get()),
        }
    }
}

/// What was wanted exactly was taken exactly.
fn check_exact(plan: &Plan, uses: &Uses) {
    let taken = drawn(plan);
    let of = |kind: Kind, id: Option<&LotId>| -> u64 {
        let own = |source: &(Asset, Option<LotId>)| {
            source.0.kind() == Some(kind) && id.is_none_or(|id| source.1.as_ref() == Some(id))
        };
        taken.iter().filter(|(source, _)| own(source)).map(|(_, amount)| amount).sum()
    };
    for (kind, money) in [(Kind::Reward, &uses.rewards), (Kind::Credit, &uses.credits)] {
        match money {
            MoneyUse::Nothing => assert_eq!(of(kind, None), 0),
            MoneyUse::All(Wanted::Exactly(amount)) => assert_eq!(of(kind, None), amount.get()),
            MoneyUse::All(Wanted::Max) => {}
            MoneyUse::Each(each) => {
                let named: u64 = each.iter().map(|(id, _)| of(kind, Some(id))).sum();
                assert_eq!(of(kind, None), named, "one that was not named");
                for (id, wanted) in each {
                    let Wanted::Exactly(amount) = wanted else { continue };
                    assert_eq!(of(kind, Some(id)), amount.get());
                }
            }
        }
    }
    for PointsUse { points, amount } in &uses.points {
        let Wanted::Exactly(count) = amount else { continue };
        let asset = Asset::Points(points.clone());
        assert_eq!(taken.get(&(asset, None)).copied().unwrap_or(0), count.get());
    }
    assert_eq!(of(Kind::Benefit, None), u64::try_from(uses.benefits.len()).unwrap());
}

/// A redemption takes exactly what its plan draws, at once or with its hold.
fn check_redeemed(plan: &Plan, basket: &Basket, program: &Program, wallet: &Wallet) {
    let taken = |after: &Wallet, (asset, id): &(Asset, Option<LotId>)| {
        let remaining = |wallet: &Wallet| match id {
            None => wallet.available(asset),
            Some(id) => {
                let lot = wallet.lot(asset.kind().unwrap(), id);
                lot.map_or(Units::ZERO, |(_, lot)| lot.remaining)
            }
        };
        remaining(wallet).checked_sub(remaining(after)).unwrap()
    };
    for settlement in [Settlement::AtOnce, Settlement::Held(None)] {
        let redemption = named("basket-77");
        let expected_due = Some(plan.due());
        let basket = basket.clone();
        let request = Redemption { redemption, basket, settlement, expected_due };
        let line = appended(redeem::decide(wallet, program, &request, at(NOW)).unwrap());
        let Detail::Redemption(opened) = &line.detail else { panic!("{:?}", line.detail) };
        assert_eq!(opened.plan, *plan);
        let drawn = drawn(plan);
        for (source, amount) in &drawn {
            assert_eq!(taken(&line.wallet, source), units(*amount));
        }
        let posted: u64 = line.postings.iter().map(|each| each.amount.magnitude().get()).sum();
        match settlement {
            Settlement::AtOnce => assert_eq!(posted, drawn.values().sum::<u64>()),
            Settlement::Held(_) => {
                assert_eq!(line.postings, []);
                let held: Vec<_> = plan.draws().cloned().collect();
                assert_eq!(line.wallet.holds[0].draws, held);
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(CASES_DEFAULT, "tests/plan.regressions"))]

    #[test]
    fn parts_of_a_plan_sum_to_the_whole_and_are_there(wallet in wallet(), basket in basket()) {
        let program = program();
        let settled = Draft::open(&wallet, at(NOW)).into_wallet();
        match redeem::quote(&settled, &program, &basket, None, at(NOW)) {
            Ok(plan) => {
                check_plan(&plan, &basket);
                check_draws(&plan, &program, &settled);
                check_exact(&plan, &basket.uses);
                check_redeemed(&plan, &basket, &program, &settled);
            }
            Err(refusal) => {
                let request = Redemption {
                    redemption: named("basket-77"),
                    basket,
                    settlement: Settlement::AtOnce,
                    expected_due: None,
                };
                let decided = redeem::decide(&settled, &program, &request, at(NOW));
                prop_assert_eq!(decided.err(), Some(refusal));
            }
        }
    }

    #[test]
    fn plan_of_all_there_may_be_is_never_refused(wallet in wallet(), basket in basket()) {
        let all = Uses {
        gift_cards: Vec::new(),
            benefits: Vec::new(),
            rewards: MoneyUse::All(Wanted::Max),
            points: vec![PointsUse { points: named("p"), amount: Wanted::Max }],
            credits: MoneyUse::All(Wanted::Max),
        };
        let basket = Basket { uses: all, ..basket };
        let plan = redeem::quote(&wallet, &program(), &basket, None, at(NOW));
        let plan = plan.unwrap();
        check_plan(&plan, &basket);
        // The same again, now exactly: nothing less and nothing more can be asked for.
        let exactly = |more: u64| {
            let credits = minor(plan.tendered().get() + more);
            let uses = Uses {
                credits: MoneyUse::All(Wanted::Exactly(credits)),
                ..basket.uses.clone()
            };
            let basket = Basket { uses, ..basket.clone() };
            redeem::quote(&wallet, &program(), &basket, None, at(NOW))
        };
        let again = exactly(0).unwrap();
        prop_assert_eq!((&again.lines, &again.tenders), (&plan.lines, &plan.tenders));
        let refused = matches!(
            exactly(1),
            Err(Refusal::Plan(
                PlanRefusal::InsufficientMoney { .. }
                    | PlanRefusal::MoreThanDue { .. }
                    | PlanRefusal::AgainstRule { .. }
            ))
        );
        prop_assert!(refused);
    }
}
