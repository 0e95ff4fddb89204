//! Scenarios 10 (secrets) and 12 (claim against revert, cancel and spend).

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::gift_cards::{Sold, credit, sell};
use crate::support::{Reply, Stack};

/// How often scenario 12 is played.
const ROUNDS: usize = 500;

/// Units, in halves; none of what was not counted yet.
fn halves(units: &Value) -> u64 {
    let text = if units.is_null() { "0".to_owned() } else { units.to_string() };
    let (whole, half) = text.split_once('.').unwrap_or((&text, "0"));
    whole.parse::<u64>().unwrap() * 2 + u64::from(half == "5")
}

/// Scenario 10: an unknown number, and a wrong PIN for an active, expired or spent card.
#[tokio::test]
async fn scenario_10_unknown_number_and_wrong_pin_are_one_answer() {
    let stack = Stack::new().await;
    let active = sell(&stack, "ann", "active", "50.00").await;
    let spent = sell(&stack, "ann", "spent", "50.00").await;
    let body =
        json!({"gift_card": "standard", "amount": "50.00", "expires_at": "2026-11-22T00:00:00Z"});
    let sold = stack.put("/v1/members/ann/gift-cards/expired", &body).await.ok();
    let expired = sold["number"].as_str().unwrap().to_owned();
    let whole =
        json!({"number": spent.number, "pin": spent.pin, "amount": "50.00", "currency": "AUD"});
    stack.put("/v1/gift-card-redemptions/d", &whole).await.is(201);
    stack.advance("P2D").await;
    let wrong = if active.pin == "000000" || spent.pin == "000000" { "000001" } else { "000000" };
    let units = async || {
        let all = stack.get("/_local/capacity").await.ok();
        let of = &all["gift-card"]["refused"];
        (halves(&of["read_units"]), halves(&of["write_units"]))
    };
    let mut answers: Vec<(Reply, (u64, u64))> = Vec::new();
    for number in ["6999999999999991", &active.number, &expired, &spent.number] {
        let presented = json!({"number": number, "pin": wrong});
        for path in ["/v1/gift-cards/balance", "/v1/members/eve/claims"] {
            let before = units().await;
            let reply = stack.post(path, &presented).await;
            let after = units().await;
            answers.push((reply, (after.0 - before.0, after.1 - before.1)));
        }
    }
    // Byte for byte, and after calls that cost the same.
    for pair in answers.chunks(2) {
        assert_eq!(pair[0].0, answers[0].0);
        assert_eq!(pair[1].0, answers[1].0);
        assert_eq!((pair[0].1, pair[1].1), (answers[0].1, answers[1].1));
    }
    answers[0].0.refused(403, "gift_card_refused");
    // With the right PIN the truth is told.
    let reply = stack.post("/v1/members/eve/claims", &spent.presented()).await;
    reply.refused(409, "gift_card_not_active");
    assert_eq!(reply.body["gift_card_status"], json!("spent"));
}

/// Scenario 10: of thirty wrong PINs at once exactly five are compared, and then even the right
/// one waits an hour.
#[tokio::test(flavor = "multi_thread")]
async fn scenario_10_thirty_wrong_pins_at_once_are_compared_five_times() {
    let stack = Arc::new(Stack::new().await);
    let card = sell(&stack, "ann", "c", "50.00").await;
    let wrong = if card.pin == "000000" { "000001" } else { "000000" };
    for number in [card.number.clone(), "6999999999999991".to_owned()] {
        let guesses = (0..30).map(|_| {
            let (stack, presented) = (Arc::clone(&stack), json!({"number": number, "pin": wrong}));
            tokio::spawn(async move { stack.post("/v1/gift-cards/balance", &presented).await })
        });
        let mut compared = 0;
        for guess in guesses.collect::<Vec<_>>() {
            let reply = guess.await.unwrap();
            if reply.status == 403 {
                compared += 1;
            } else {
                reply.refused(429, "gift_card_locked");
                assert_eq!(reply.body["retry_after"], json!(3600));
            }
        }
        assert_eq!(compared, 5);
    }
    stack.post("/v1/gift-cards/balance", &card.presented()).await.refused(429, "gift_card_locked");
    stack.advance("PT59M59S").await;
    stack.post("/v1/members/eve/claims", &card.presented()).await.refused(429, "gift_card_locked");
    stack.advance("PT1S").await;
    // Four wrong ones and a right one, as often as anybody likes.
    for _ in 0..3 {
        for _ in 0..4 {
            let presented = json!({"number": card.number, "pin": wrong});
            stack
                .post("/v1/gift-cards/balance", &presented)
                .await
                .refused(403, "gift_card_refused");
        }
        stack.post("/v1/gift-cards/balance", &card.presented()).await.is(200);
    }
}

/// What four callers at once came to. One of the three that are not the sweep has a head start of up
/// to 30 ms, for a cancel asks for no PIN and would win most of the time.
async fn race(stack: &Arc<Stack>, round: usize, card: &Sold) -> [Reply; 4] {
    let head_start = Duration::from_millis(10 * u64::try_from(round / 3 % 4).unwrap());
    let waits = |runner: usize| if round % 3 == runner { Duration::ZERO } else { head_start };
    let post = |path: String, body: Value, wait: Duration| {
        let stack = Arc::clone(stack);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            loop {
                let reply = stack.post(&path, &body).await;
                if reply.status != 503 {
                    return reply;
                }
            }
        })
    };
    let spend =
        json!({"number": card.number, "pin": card.pin, "amount": "50.00", "currency": "AUD"});
    let spend = {
        let (stack, path) = (Arc::clone(stack), format!("/v1/gift-card-redemptions/d-{round}"));
        let wait = waits(2);
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            stack.put(&path, &spend).await
        })
    };
    let claim = post(format!("/v1/members/bob-{round}/claims"), card.presented(), waits(0));
    let path = format!("/v1/members/ann-{round}/gift-cards/c/cancel");
    let cancel = post(path, json!({"reason": "race"}), waits(1));
    let revert = post("/_local/sweeps/revert".to_owned(), json!({}), Duration::ZERO);
    [claim.await.unwrap(), cancel.await.unwrap(), spend.await.unwrap(), revert.await.unwrap()]
}

/// Scenario 12: claim, cancel, spend and a sweep of reverts, all at once. One wins, the others are
/// told, and the money is in one place.
#[tokio::test(flavor = "multi_thread")]
async fn scenario_12_claim_against_revert_cancel_and_spend_has_one_winner_every_time() {
    let stack = Arc::new(Stack::new().await);
    let mut winners = [0; 4];
    let mut sold = Vec::new();
    for round in 0..ROUNDS {
        sold.push(sell(&stack, &format!("ann-{round}"), "c", "50.00").await);
    }
    for (round, card) in sold.iter().enumerate() {
        // The last quarter is played after the cards have reverted: the sweep has to win then.
        if round == ROUNDS / 4 * 3 {
            stack.advance("P91D").await;
        }
        let is_late = ROUNDS / 4 * 3 <= round;
        let [claim, cancel, spend, revert] = race(&stack, round, card).await;
        revert.is(200);
        let money = async |member: String| credit(&stack, &member).await;
        let (ann, bob) = (money(format!("ann-{round}")).await, money(format!("bob-{round}")).await);
        let reply = stack.post("/v1/gift-cards/balance", &card.presented()).await.ok();
        assert_eq!(reply["amount"], json!("0.00"));
        let won = [claim.status == 201, cancel.status == 200, spend.status == 201];
        let places =
            [bob == "50.00", ann == "50.00" && !is_late, reply["status"] == json!("spent")];
        assert_eq!(won, places, "{round}: {claim:?} {cancel:?} {spend:?}");
        let count = won.iter().filter(|won| **won).count();
        if is_late {
            assert_eq!((count, ann.as_str(), &reply["status"]), (0, "50.00", &json!("reverted")));
            winners[3] += 1;
        } else {
            assert_eq!(count, 1, "{round}");
            winners.iter_mut().zip(won).for_each(|(wins, won)| *wins += usize::from(won));
        }
        for loser in [&claim, &cancel, &spend].into_iter().zip(won).filter(|(_, won)| !won) {
            loser.0.refused(409, "gift_card_not_active");
        }
    }
    assert_eq!(winners.iter().sum::<usize>(), ROUNDS);
    // Every one of them can win, or the race was none.
    assert!(winners.iter().all(|wins| 0 < *wins), "{winners:?}");
}
