//! What operations cost, as DynamoDB says, and how large lines become. These are promises to
//! whoever pays: raise one only with a reason in the commit.

use std::collections::BTreeSet;

use scrip_domain::issue::Value;
use scrip_domain::posting::PostingReason;
use scrip_domain::redeem::{self, MoneyUse, PointsUse, Settlement, Uses, Wanted};
use scrip_store::Usage;

use crate::support::{Bench, appended, at, cents, item_bytes, member};

/// A wallet of ten lots, armed for the earliest of them.
async fn ten_lots(bench: &Bench) {
    for number in 0..10 {
        let expires_at = at("2027-01-31T13:00:00Z").plus_seconds(number * 31 * 86_400);
        bench
            .award_until(&bench.ledger, "alice", &format!("lot-{number}"), 100, expires_at)
            .await
            .unwrap();
    }
}

#[track_caller]
#[expect(clippy::print_stdout, reason = "the table of the README")]
fn check(what: &str, usage: Usage, read_halves: u64, write_halves: u64) {
    // `cargo test --workspace --test ledger -- capacity --nocapture`
    println!("| {what} | {} | {} |", usage.read_units(), usage.write_units());
    assert!(
        usage.read_halves <= read_halves && usage.write_halves <= write_halves,
        "{what} used {} read and {} write units",
        usage.read_units(),
        usage.write_units()
    );
}

#[tokio::test]
async fn operations_on_a_wallet_of_ten_lots_cost_what_is_promised() {
    let bench = Bench::new().await;
    ten_lots(&bench).await;

    let ledger = bench.ledger.metered();
    let later = at("2027-01-31T13:00:00Z").plus_seconds(5 * 31 * 86_400);
    appended(bench.award_until(&ledger, "alice", "award", 50, later).await);
    check("award", ledger.usage(), 4, 4);

    let ledger = bench.ledger.metered();
    appended(bench.redeem(&ledger, "alice", "now", "survey", 250, Settlement::AtOnce).await);
    check("redemption", ledger.usage(), 4, 4);

    let ledger = bench.ledger.metered();
    let held = Settlement::Held(Some("P7D".parse().unwrap()));
    appended(bench.redeem(&ledger, "alice", "held", "survey", 250, held).await);
    // One more to arm the hour in which the hold lapses.
    check("hold", ledger.usage(), 4, 6);
    bench.award_until(&bench.ledger, "alice", "between", 1, later).await.unwrap();

    let ledger = bench.ledger.metered();
    appended(bench.capture(&ledger, "alice", "held").await);
    check("capture", ledger.usage(), 5, 4);

    bench.redeem(&bench.ledger, "alice", "back", "survey", 250, held).await.unwrap();
    bench.award_until(&bench.ledger, "alice", "again", 1, later).await.unwrap();
    let ledger = bench.ledger.metered();
    appended(bench.release(&ledger, "alice", "back").await);
    check("release", ledger.usage(), 5, 4);

    let ledger = bench.ledger.metered();
    appended(bench.refund(&ledger, "alice", "held", "R-1").await);
    check("refund", ledger.usage(), 5, 4);

    let ledger = bench.ledger.metered();
    let store = Value::Credit("store".parse().unwrap(), cents(900), None);
    bench.issue(&ledger, "alice", "c", store, None).await;
    check("issue", ledger.usage(), 4, 4);

    let ledger = bench.ledger.metered();
    appended(bench.void(&ledger, "alice", "c").await);
    check("void", ledger.usage(), 5, 4);

    let ledger = bench.ledger.metered();
    appended(bench.purchase(&ledger, "alice", "1000234", "59.95").await);
    check("purchase", ledger.usage(), 4, 6);

    let ledger = bench.ledger.metered();
    let (now, redemption) = (bench.now(), Some("held"));
    appended(bench.purchase_paid_by(&ledger, "alice", "1000235", "59.95", now, redemption).await);
    check("purchase naming a redemption", ledger.usage(), 6, 6);

    let ledger = bench.ledger.metered();
    ledger.load(&member("alice")).await.unwrap();
    check("balance", ledger.usage(), 2, 0);

    let ledger = bench.ledger.metered();
    bench.award_until(&ledger, "alice", "award", 50, later).await.unwrap();
    check("replay", ledger.usage(), 5, 0);
}

/// Twenty lots of six assets, all drawn by one redemption: 1 benefit, 4 rewards, 8 lots of points
/// of two definitions, 7 credits of two.
#[tokio::test]
async fn redemption_that_draws_twenty_lots_of_six_assets_is_one_write() {
    let bench = Bench::new().await;
    let named = |text: &str| text.parse().unwrap();
    let day = |number: u64| format!("2027-0{number}-28T13:00:00Z");
    bench
        .issue(&bench.ledger, "alice", "ten", Value::Benefit(named("ten-percent"), None), None)
        .await;
    for number in 1..=4 {
        let value = Value::Reward(named("birthday"), cents(500), None);
        bench.issue(&bench.ledger, "alice", &format!("r{number}"), value, Some(&day(number))).await;
        let value = Value::Credit(named("welcome"), cents(500), None);
        bench.issue(&bench.ledger, "alice", &format!("w{number}"), value, Some(&day(number))).await;
        for points in ["survey", "reward"] {
            let (id, until) = (format!("{points}{number}"), Some(at(&day(number))));
            appended(bench.award_of(&bench.ledger, points, "alice", &id, 100, until).await);
        }
    }
    for number in 1..=3 {
        let value = Value::Credit(named("store"), cents(500), None);
        bench.issue(&bench.ledger, "alice", &format!("s{number}"), value, None).await;
    }
    let all = |points: &str| PointsUse { points: named(points), amount: Wanted::Max };
    let uses = Uses {
        benefits: vec!["ten".parse().unwrap()],
        rewards: MoneyUse::All(Wanted::Max),
        points: vec![all("reward"), all("survey")],
        credits: MoneyUse::All(Wanted::Max),
        gift_cards: Vec::new(),
    };
    let ledger = bench.ledger.metered();
    let basket = bench.basket(&uses);
    let wallet = ledger.load(&member("alice")).await.unwrap().unwrap().wallet;
    redeem::quote(&wallet, &bench.program, &basket, None, bench.now()).unwrap();
    check("quote of 20 lots", ledger.usage(), 2, 0);

    let ledger = bench.ledger.metered();
    let held = Settlement::Held(None);
    appended(bench.spend(&ledger, "alice", "held", uses.clone(), held).await);
    // One more to arm the hour in which the hold lapses.
    check("hold of 20 lots", ledger.usage(), 4, 8);
    bench.release(&bench.ledger, "alice", "held").await.unwrap();

    let ledger = bench.ledger.metered();
    let spent = bench.spend(&ledger, "alice", "all", uses, Settlement::AtOnce).await;
    let line = appended(spent).line;
    let redeemed = line.postings.iter().filter(|each| each.reason == PostingReason::Redeemed);
    let redeemed: Vec<_> = redeemed.collect();
    assert_eq!(redeemed.len(), 20);
    let assets: BTreeSet<_> = redeemed.iter().map(|posting| &posting.asset).collect();
    assert_eq!(assets.len(), 6);
    check("redemption of 20 lots", ledger.usage(), 4, 6);
}

#[tokio::test]
async fn lines_stay_small() {
    let bench = Bench::new().await;
    ten_lots(&bench).await;
    bench.redeem(&bench.ledger, "alice", "all", "survey", 1000, Settlement::AtOnce).await.unwrap();
    bench.purchase(&bench.ledger, "alice", "1000234", "59.95").await.unwrap();
    for item in bench.items("MEMBER#alice").await {
        let bytes = item_bytes(&item);
        assert!(bytes <= 1024, "{bytes} bytes: {item:?}");
    }
}

/// A year of weekly shopping with two definitions: thirty lots.
#[tokio::test]
async fn line_of_a_weekly_shopper_stays_within_two_kilobytes() {
    let bench = Bench::new().await;
    for week in 0..104 {
        bench.purchase(&bench.ledger, "alice", &format!("w{week}"), "59.95").await.unwrap();
        bench.advance("P7D");
    }
    let newest = bench.items("MEMBER#alice").await.pop().unwrap();
    let wallet = bench.ledger.load(&member("alice")).await.unwrap().unwrap().wallet;
    assert!((26..=30).contains(&wallet.lot_count()), "{} lots", wallet.lot_count());
    assert!(item_bytes(&newest) <= 2048, "{} bytes", item_bytes(&newest));
}

/// Two years of shopping every day, with a redemption now and then.
#[tokio::test]
async fn line_of_a_daily_shopper_stays_within_three_kilobytes() {
    let bench = Bench::new().await;
    let mut largest = 0;
    for day in 0..731 {
        bench.purchase(&bench.ledger, "alice", &format!("d{day}"), "25.00").await.unwrap();
        if day % 24 == 23 {
            let id = format!("r{day}");
            bench
                .redeem(&bench.ledger, "alice", &id, "reward", 100, Settlement::AtOnce)
                .await
                .unwrap();
        }
        bench.advance("P1D");
        let wallet = bench.ledger.load(&member("alice")).await.unwrap().unwrap().wallet;
        largest = wallet
            .assets
            .values()
            .map(|holding| holding.lots.len())
            .chain([largest])
            .max()
            .unwrap();
    }
    assert!(largest <= 30, "{largest} lots of one definition");
    let page = bench.ledger.page(&member("alice"), None, 1).await.unwrap();
    assert_eq!(page.lines[0].entry.number, 731 + 30);
    let key = format!("E#{:012}", 731 + 30);
    let newest = bench
        .embedded
        .client()
        .get_item()
        .table_name(scrip_local::TABLE)
        .key("pk", aws_sdk_dynamodb::types::AttributeValue::S("MEMBER#alice".into()))
        .key("sk", aws_sdk_dynamodb::types::AttributeValue::S(key))
        .send()
        .await
        .unwrap();
    let bytes = item_bytes(&newest.item.unwrap());
    assert!(bytes <= 3 * 1024, "{bytes} bytes");
}
