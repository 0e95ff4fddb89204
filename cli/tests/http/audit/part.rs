//! Parts of a ledger: one account, what is new; and what an audit reads.

use scrip_cli::verify::{Options, Report, audit};
use scrip_domain::account::AccountId;
use scrip_store::Ledger;
use serde_json::json;

use super::history;
use super::planted::{BOB, Key, Tampered};
use crate::crash::{Step, World};
use crate::support::START;

async fn verified(ledger: &Ledger, options: &Options) -> Report {
    let report = Box::pin(audit(ledger, options, None)).await.unwrap();
    assert_eq!(report.violations, []);
    report
}

#[tokio::test]
async fn audit_of_an_account_or_since_an_instant_reads_what_it_says() {
    let world = history::rich().await;
    let ledger = world.app(None).ledger;
    let bob = AccountId::Member("bob".parse().unwrap());
    let all = verified(&ledger, &Options::default()).await;
    let account = Options { account: Some(bob.clone()), ..Options::default() };
    let one = verified(&ledger, &account).await;
    assert_eq!(one.accounts, 1);
    assert!(30 < one.lines && one.lines < all.lines, "{one:?}");
    // Three lines, and the one before them.
    let since = Some("2027-12-01T00:00:00Z".parse().unwrap());
    let newest = verified(&ledger, &Options { since, ..account }).await;
    assert_eq!((newest.accounts, newest.lines), (1, 4));
    // Of the whole table every line is read, and those since then are replayed.
    let since = verified(&ledger, &Options { since, ..Options::default() }).await;
    assert_eq!(since, all);
}

#[tokio::test]
async fn audit_of_an_account_without_a_new_line_still_finds_that_its_marker_is_lost() {
    let ledger = Tampered::of(history::rich().await).await;
    let account = Some(AccountId::Member("bob".parse().unwrap()));
    let since = Some("2029-01-01T00:00:00Z".parse().unwrap());
    let options = Options { account, since, ..Options::default() };
    let app = ledger.world.app(None);
    verified(&app.ledger, &options).await;
    let nobody = Some(AccountId::Member("nobody".parse().unwrap()));
    let nobody = Options { account: nobody, ..options.clone() };
    assert_eq!(verified(&app.ledger, &nobody).await, Report::default());
    let due = |(pk, sk): &&Key| pk.starts_with("DUE#") && sk.ends_with(BOB);
    for marker in ledger.sound.keys().filter(due) {
        ledger.delete(marker).await;
    }
    let report = ledger.audit_of(options).await;
    let found: Vec<&str> = report.violations.iter().map(|it| it.fault.kind()).collect();
    assert_eq!(found, ["due_marker_missing"]);
    assert_eq!((report.accounts, report.lines), (1, 1), "the newest");
}

/// Ten lines each of thirty members, one of them a purchase.
#[tokio::test]
async fn audit_reads_half_a_unit_for_every_4_kb_and_for_every_marker() {
    let world = World::new().await;
    for member in 0..30 {
        let route = "PUT /v1/members/{member}/purchases/{order}";
        let ids: &'static str = format!("m{member} o{member}").leak();
        let body = json!({"currency": "AUD", "transacted_at": START,
            "lines": [{"id": "1", "net": "60.00"}]});
        let mut steps = vec![Step::Earn(route, ids, body)];
        for award in 0..9 {
            let route = "PUT /v1/members/{member}/awards/{award}";
            let ids: &'static str = format!("m{member} a{award}").leak();
            let body = json!({"points": "survey", "amount": 5, "reason": "r"});
            steps.push(Step::Earn(route, ids, body));
        }
        for step in steps {
            assert_eq!(world.run(&world.app(None), &step).await.0, 201);
        }
    }
    let ledger = world.app(None).ledger.metered();
    let report = verified(&ledger, &Options { segments: 1, ..Options::default() }).await;
    assert_eq!((report.accounts, report.lines), (31, 301));
    // Half a unit for the marker of each purchase and for that of what is due of each account; one
    // for the purchaser's item of a card. The rest is the table of 140 KB, in a page or three.
    let scanned = ledger.usage().read_halves - (30 + 31 + 2);
    assert!((34..=38).contains(&scanned), "{scanned}");
}
