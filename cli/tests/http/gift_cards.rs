//! Gift cards over HTTP: exact answers, and who has the money after every step.

use serde_json::{Value, json};

use crate::support::Stack;

const HUNDRED: &str = "100.00";

/// A card as its purchaser got it.
pub(crate) struct Sold {
    pub(crate) number: String,
    pub(crate) pin: String,
}

impl Sold {
    pub(crate) fn presented(&self) -> Value {
        json!({"number": self.number, "pin": self.pin})
    }

    fn with(&self, more: &Value) -> Value {
        let mut body = self.presented();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }
}

pub(crate) async fn sell(stack: &Stack, purchaser: &str, card: &str, amount: &str) -> Sold {
    let body = json!({"gift_card": "standard", "amount": amount});
    let path = format!("/v1/members/{purchaser}/gift-cards/{card}");
    let answer = stack.put(&path, &body).await.ok();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    Sold { number: text("number"), pin: text("pin") }
}

/// What is left on a card, and how it stands.
async fn balance(stack: &Stack, card: &Sold) -> (String, String) {
    let answer = stack.post("/v1/gift-cards/balance", &card.presented()).await.ok();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    (text("amount"), text("status"))
}

#[track_caller]
fn stands((left, found): (String, String), amount: &str, status: &str) {
    assert_eq!((left, found), (amount.to_owned(), status.to_owned()));
}

/// The credits of a member: what is available, and the total.
pub(crate) async fn credit(stack: &Stack, member: &str) -> String {
    let reply = stack.get(&format!("/v1/members/{member}")).await;
    if reply.status == 404 {
        return "0.00".to_owned();
    }
    let total = reply.body["credits_total"][0]["amount"].as_str();
    total.unwrap_or("0.00").to_owned()
}

fn basket(amount: &str, cards: &[Value]) -> Value {
    json!({"currency": "AUD", "lines": [{"id": "1", "quantity": 1, "amount": amount}],
        "use": {"credits": "max", "gift_cards": cards}})
}

#[tokio::test]
async fn card_is_sold_once_and_answered_the_same_for_ever() {
    let stack = Stack::new().await;
    let body = json!({"gift_card": "standard", "amount": HUNDRED});
    let path = "/v1/members/ann/gift-cards/c-1";
    let first = stack.put(path, &body).await;
    first.is(201);
    let (number, pin) = (first.body["number"].as_str().unwrap(), &first.body["pin"]);
    assert_eq!(number.len(), 16);
    assert_eq!(pin.as_str().unwrap().len(), 6);
    // 90 days, to the end of the day in Melbourne.
    let expected = json!({"card": "c-1", "member": "ann", "gift_card": "standard",
        "number": number, "pin": pin, "amount": HUNDRED, "currency": "AUD", "status": "active",
        "revert_at": "2027-02-19T13:00:00Z"});
    assert_eq!(first.body, expected);
    stack.advance("P100D").await;
    let again = stack.put(path, &body).await;
    assert_eq!((again.status, again.replayed, &again.body), (200, true, &expected));
    let other = json!({"gift_card": "standard", "amount": "50.00"});
    stack.put(path, &other).await.refused(409, "operation_conflict");
    // How it stands now, without number and PIN.
    let now = stack.get(path).await.ok();
    assert_eq!(
        now,
        json!({"card": "c-1", "gift_card": "standard", "number_last4": &number[12..],
            "amount": HUNDRED, "available": "0.00", "currency": "AUD", "status": "reverted",
            "revert_at": "2027-02-19T13:00:00Z"})
    );
    stack.get("/v1/members/ann/gift-cards/c-2").await.refused(404, "not_found");
    stack.get("/v1/members/bob/gift-cards/c-1").await.refused(404, "not_found");
}

#[tokio::test]
async fn card_that_is_refused_is_not_there() {
    let stack = Stack::new().await;
    for (body, status, code, name, value) in [
        (
            json!({"gift_card": "lost", "amount": "10.00"}),
            422,
            "rule_refused",
            "rule",
            "unknown_gift_card",
        ),
        (json!({"gift_card": "standard", "amount": "9.99"}), 422, "rule_refused", "rule", "amount"),
        (
            json!({"gift_card": "standard", "amount": "500.01"}),
            422,
            "rule_refused",
            "rule",
            "amount",
        ),
        (
            json!({"gift_card": "standard", "amount": "0.00"}),
            400,
            "invalid_request",
            "field",
            "amount",
        ),
        (json!({"gift_card": "standard", "amount": 10}), 400, "invalid_request", "field", "amount"),
        (
            json!({"gift_card": "standard", "amount": "10.00", "revert_at": "2026-11-21T03:04:05Z"}),
            400,
            "invalid_request",
            "field",
            "revert_at",
        ),
        (
            json!({"gift_card": "standard", "amount": "10.00", "expires_at": "2026-11-21T03:04:05Z"}),
            400,
            "invalid_request",
            "field",
            "expires_at",
        ),
        (
            json!({"gift_card": "standard", "amount": "10.00", "pin": "1"}),
            400,
            "invalid_request",
            "field",
            "pin",
        ),
    ] {
        let reply = stack.put("/v1/members/ann/gift-cards/c", &body).await;
        reply.refused(status, code);
        assert_eq!(reply.body[name], json!(value), "{}", reply.body);
        stack.get("/v1/members/ann/gift-cards/c").await.refused(404, "not_found");
    }
    let list = stack.get("/v1/members/ann/gift-cards").await.ok();
    assert_eq!(list, json!({"gift_cards": []}));
    // Yen have no cents, and no bounds but the retailer's own.
    let yen = json!({"gift_card": "standard", "amount": "2500", "currency": "JPY"});
    let sold = stack.put("/v1/members/ann/gift-cards/yen", &yen).await.ok();
    assert_eq!((&sold["amount"], &sold["currency"]), (&json!("2500"), &json!("JPY")));
}

#[tokio::test]
async fn card_is_claimed_by_one_member_and_answered_the_same_again() {
    let stack = Stack::new().await;
    let card = sell(&stack, "ann", "c-1", HUNDRED).await;
    stands(balance(&stack, &card).await, HUNDRED, "active");
    let claim = stack.post("/v1/members/bob/claims", &card.presented()).await;
    claim.is(201);
    assert_eq!(
        claim.body,
        json!({"member": "bob", "entry": 1, "id": "gift:gift:AUD:never", "credit": "gift",
            "amount": HUNDRED, "currency": "AUD"})
    );
    let again = stack.post("/v1/members/bob/claims", &card.presented()).await;
    assert_eq!((again.status, again.replayed, &again.body), (200, true, &claim.body));
    let late = stack.post("/v1/members/eve/claims", &card.presented()).await;
    late.refused(409, "gift_card_not_active");
    assert_eq!(late.body["gift_card_status"], json!("claimed"));
    stands(balance(&stack, &card).await, "0.00", "claimed");
    assert_eq!(credit(&stack, "bob").await, HUNDRED);
    let reason = json!({"reason": "changed my mind"});
    let path = "/v1/members/ann/gift-cards/c-1";
    stack.post(&format!("{path}/cancel"), &reason).await.refused(409, "gift_card_not_active");
    stack.post(&format!("{path}/void"), &reason).await.refused(409, "gift_card_not_active");
    // A second card of the same terms merges into the same credit.
    let second = sell(&stack, "ann", "c-2", "25.00").await;
    stack.post("/v1/members/bob/claims", &second.presented()).await.is(201);
    let wallet = stack.get("/v1/members/bob").await.ok();
    assert_eq!(wallet["credits"].as_array().unwrap().len(), 1);
    assert_eq!(wallet["credits"][0]["available"], json!("125.00"));
    let entries = stack.get("/v1/members/bob/entries").await.ok();
    assert_eq!(
        entries["entries"][1]["summary"],
        json!("100.00 of gift credit from gift card c-1, claimed")
    );
    assert_eq!(entries["entries"][1]["operation"], json!("claims/ann/c-1"));
}

#[tokio::test]
async fn cancelled_card_is_a_credit_of_its_purchaser_and_a_void_one_is_nobodys() {
    let stack = Stack::new().await;
    let (one, two) =
        (sell(&stack, "ann", "c-1", "40.00").await, sell(&stack, "ann", "c-2", "60.00").await);
    let reason = json!({"reason": "not needed"});
    let cancelled = stack.post("/v1/members/ann/gift-cards/c-1/cancel", &reason).await;
    cancelled.is(200);
    assert_eq!(cancelled.body["amount"], json!("40.00"));
    let other = json!({"reason": "twice"});
    let again = stack.post("/v1/members/ann/gift-cards/c-1/cancel", &other).await;
    assert_eq!((again.status, again.replayed, &again.body), (200, true, &cancelled.body));
    stands(balance(&stack, &one).await, "0.00", "cancelled");
    assert_eq!(credit(&stack, "ann").await, "40.00");

    let voided = stack.post("/v1/members/ann/gift-cards/c-2/void", &reason).await;
    voided.is(200);
    assert_eq!(
        voided.body,
        json!({"card": "c-2", "member": "ann", "entry": 2, "amount": "60.00", "currency": "AUD",
            "reason": "not needed"})
    );
    let again = stack.post("/v1/members/ann/gift-cards/c-2/void", &other).await;
    assert_eq!((again.status, again.replayed, &again.body), (200, true, &voided.body));
    stands(balance(&stack, &two).await, "0.00", "void");
    assert_eq!(credit(&stack, "ann").await, "40.00");
    let list = stack.get("/v1/members/ann/gift-cards?limit=1").await.ok();
    assert_eq!(list["gift_cards"][0]["status"], json!("cancelled"));
    let next =
        format!("/v1/members/ann/gift-cards?limit=5&cursor={}", list["cursor"].as_str().unwrap());
    let list = stack.get(&next).await.ok();
    assert_eq!(list["gift_cards"][0]["card"], json!("c-2"));
    assert!(list["cursor"].is_null());
    for path in ["cancel", "void"] {
        stack
            .post(&format!("/v1/members/ann/gift-cards/c-3/{path}"), &reason)
            .await
            .refused(404, "not_found");
    }
}

#[tokio::test]
async fn cards_are_the_last_tender_of_a_basket_and_held_captured_and_refunded_with_it() {
    let stack = Stack::new().await;
    let (one, two) =
        (sell(&stack, "ann", "c-1", "30.00").await, sell(&stack, "ann", "c-2", "50.00").await);
    let store = json!({"credit": "store", "amount": "10.00", "reason": "return"});
    stack.put("/v1/members/bob/credits/s", &store).await.is(201);
    let max = |card: &Sold| card.with(&json!({"amount": "max"}));
    let body = basket(HUNDRED, &[max(&one), max(&two)]);
    let quote = stack.post("/v1/members/bob/quotes", &body).await.ok();
    let last4 = |card: &Sold| card.number[12..].to_owned();
    let tenders = json!([
        {"source": "credit", "id": "s", "kind": "store", "amount": "10.00"},
        {"source": "gift_card", "number_last4": last4(&one), "amount": "30.00"},
        {"source": "gift_card", "number_last4": last4(&two), "amount": "50.00"},
    ]);
    assert_eq!((&quote["tenders"], &quote["due"]), (&tenders, &json!("10.00")));

    let mut hold = body.clone();
    hold["hold"] = json!(true);
    let path = "/v1/members/bob/redemptions/b-1";
    let opened = stack.put(path, &hold).await;
    opened.is(201);
    assert_eq!((&opened.body["tenders"], &opened.body["status"]), (&tenders, &json!("held")));
    stands(balance(&stack, &one).await, "0.00", "active");
    // Held cards can neither be claimed nor cancelled, and no more can be spent.
    let claim = stack.post("/v1/members/eve/claims", &one.presented()).await;
    claim.refused(409, "gift_card_held");
    assert_eq!((&claim.body["retry_after"], &claim.body["retryable"]), (&json!(600), &json!(true)));
    let reason = json!({"reason": "r"});
    stack
        .post("/v1/members/ann/gift-cards/c-1/cancel", &reason)
        .await
        .refused(409, "gift_card_held");
    let other = stack.put("/v1/members/eve/redemptions/e-1", &basket("1.00", &[max(&one)])).await;
    other.refused(409, "gift_card_held");

    // 60.00 of the tender: the credit, the first card, and 20.00 of the second.
    let capture = stack.post(&format!("{path}/capture"), &json!({"amount": "60.00"})).await;
    capture.is(200);
    assert_eq!(capture.body["due"], json!("40.00"));
    assert_eq!(capture.body["tenders"][2]["amount"], json!("20.00"));
    stands(balance(&stack, &one).await, "0.00", "spent");
    stands(balance(&stack, &two).await, "30.00", "active");
    let again = stack.post(&format!("{path}/capture"), &json!({"amount": "60.00"})).await;
    assert_eq!((again.status, again.replayed), (200, true));
    stack.post("/v1/members/ann/gift-cards/c-2/cancel", &reason).await.refused(422, "rule_refused");

    // The rest of the second card is claimed; what is refunded of it goes to the claimant.
    stack.post("/v1/members/eve/claims", &two.presented()).await.is(201);
    assert_eq!(credit(&stack, "eve").await, "30.00");
    let refund = stack.put(&format!("{path}/refunds/r-1"), &json!({"amount": "55.00"})).await;
    refund.is(201);
    assert_eq!(
        refund.body["restored"],
        json!([
            {"source": "credit", "id": "s", "amount": "10.00"},
            {"source": "gift_card", "number_last4": last4(&one), "amount": "30.00"},
            {"source": "gift_card", "number_last4": last4(&two), "amount": "15.00"},
        ])
    );
    assert_eq!(refund.body["external"], json!("0.00"));
    let again = stack.put(&format!("{path}/refunds/r-1"), &json!({"amount": "55.00"})).await;
    assert_eq!((again.status, again.replayed, &again.body), (200, true, &refund.body));
    stands(balance(&stack, &one).await, "30.00", "active");
    assert_eq!(credit(&stack, "eve").await, "45.00");
    let rest = stack.put(&format!("{path}/refunds/r-2"), &json!({"amount": "45.00"})).await.ok();
    assert_eq!(rest["external"], json!("40.00"));
    assert_eq!(credit(&stack, "eve").await, "50.00");
    stack
        .put(&format!("{path}/refunds/r-3"), &json!({"amount": "0.01"}))
        .await
        .refused(409, "refund_exceeds_redemption");
}

/// As many cards as a basket can have, and half of them have gone to as many people since.
#[tokio::test]
async fn refund_gives_back_to_every_card_of_a_basket_or_to_whom_it_went() {
    let stack = Stack::new().await;
    let mut cards = Vec::new();
    for place in 0..10 {
        cards.push(sell(&stack, "ann", &format!("c-{place}"), "10.00").await);
    }
    let six: Vec<Value> = cards.iter().map(|card| card.with(&json!({"amount": "6.00"}))).collect();
    stack.put("/v1/members/bob/redemptions/b-1", &basket("60.00", &six)).await.is(201);
    for (place, card) in cards.iter().enumerate().take(5) {
        stack.post(&format!("/v1/members/m-{place}/claims"), &card.presented()).await.is(201);
    }
    let path = "/v1/members/bob/redemptions/b-1/refunds/r-1";
    stack.put(path, &json!({"amount": "60.00"})).await.is(201);
    for (place, card) in cards.iter().enumerate() {
        if place < 5 {
            assert_eq!(credit(&stack, &format!("m-{place}")).await, "10.00");
        } else {
            stands(balance(&stack, card).await, "10.00", "active");
        }
    }
}

#[tokio::test]
async fn released_and_lapsed_holds_give_back_to_their_cards() {
    let stack = Stack::new().await;
    let card = sell(&stack, "ann", "c-1", "30.00").await;
    let mut hold = basket("20.00", &[card.with(&json!({"amount": "20.00"}))]);
    hold["hold"] = json!(true);
    stack.put("/v1/members/bob/redemptions/b-1", &hold).await.is(201);
    stands(balance(&stack, &card).await, "10.00", "active");
    stack.post("/v1/members/bob/redemptions/b-1/release", &json!({})).await.is(200);
    stands(balance(&stack, &card).await, "30.00", "active");
    stack.put("/v1/members/bob/redemptions/b-2", &hold).await.is(201);
    stack.advance("PT10M").await;
    stands(balance(&stack, &card).await, "30.00", "active");
    stack
        .post("/v1/members/bob/redemptions/b-2/capture", &json!({}))
        .await
        .refused(409, "hold_not_active");
    stack.post("/v1/members/eve/claims", &card.presented()).await.is(201);
    assert_eq!(credit(&stack, "eve").await, "30.00");
}

#[tokio::test]
async fn card_is_spent_held_and_refunded_without_a_member() {
    let stack = Stack::new().await;
    let card = sell(&stack, "ann", "c-1", "50.00").await;
    let path = "/v1/gift-card-redemptions";
    let body = |amount: &str| card.with(&json!({"amount": amount, "currency": "AUD"}));
    let spent = stack.put(&format!("{path}/d-1"), &body("20.00")).await;
    spent.is(201);
    assert_eq!(
        spent.body,
        json!({"redemption": "d-1", "status": "captured", "entry": 2,
            "number_last4": &card.number[12..], "amount": "20.00", "currency": "AUD"})
    );
    let again = stack.put(&format!("{path}/d-1"), &body("20.00")).await;
    assert_eq!((again.status, again.replayed, &again.body), (200, true, &spent.body));
    stack.put(&format!("{path}/d-1"), &body("20.01")).await.refused(409, "operation_conflict");
    // The same id cannot charge two cards.
    let other = sell(&stack, "ann", "c-2", "50.00").await;
    let twice = other.with(&json!({"amount": "20.00", "currency": "AUD"}));
    stack.put(&format!("{path}/d-1"), &twice).await.refused(409, "operation_conflict");
    let more = stack.put(&format!("{path}/d-2"), &body("30.01")).await;
    more.refused(409, "insufficient_value");
    assert_eq!(more.body["available"], json!("30.00"));

    let mut hold = body("30.00");
    hold["hold"] = json!(true);
    hold["hold_for"] = json!("PT1H");
    let opened = stack.put(&format!("{path}/d-3"), &hold).await.ok();
    assert_eq!(opened["hold_expires_at"], json!("2026-11-21T04:04:05Z"));
    let number = json!({"number": card.number});
    let part = json!({"number": card.number, "amount": "12.00"});
    let captured = stack.post(&format!("{path}/d-3/capture"), &part).await.ok();
    assert_eq!((&captured["amount"], &captured["status"]), (&json!("12.00"), &json!("captured")));
    stack.post(&format!("{path}/d-3/release"), &number).await.refused(409, "hold_not_active");
    let more = json!({"number": card.number, "amount": "12.01"});
    let more = stack.put(&format!("{path}/d-3/refunds/r-0"), &more).await;
    more.refused(409, "refund_exceeds_redemption");
    assert_eq!(more.body["left"], json!("12.00"));
    stands(balance(&stack, &card).await, "18.00", "active");
    stack.put(&format!("{path}/d-4"), &hold).await.refused(409, "insufficient_value");

    let refund = |amount: &str| json!({"number": card.number, "amount": amount});
    let back = stack.put(&format!("{path}/d-1/refunds/r-1"), &refund("20.00")).await.ok();
    assert_eq!(back["restored"][0]["amount"], json!("20.00"));
    stack
        .put(&format!("{path}/d-1/refunds/r-2"), &refund("0.01"))
        .await
        .refused(409, "refund_exceeds_redemption");
    stands(balance(&stack, &card).await, "38.00", "active");
    // A member's redemption is refunded by the member's route only, and strangers learn nothing.
    let answers = [
        stack.post(&format!("{path}/d-9/capture"), &number).await,
        stack.post(&format!("{path}/d-1/capture"), &json!({"number": "6000000000000007"})).await,
    ];
    answers[0].refused(404, "not_found");
    assert_eq!(answers[0], answers[1]);
    // Claimed since: the refund goes to the claimant.
    stack.post("/v1/members/eve/claims", &card.presented()).await.is(201);
    stack.put(&format!("{path}/d-3/refunds/r-1"), &refund("12.00")).await.is(201);
    assert_eq!(credit(&stack, "eve").await, "50.00");
}

#[tokio::test]
async fn void_card_keeps_what_is_held_and_voids_what_comes_back() {
    let stack = Stack::new().await;
    let card = sell(&stack, "ann", "c-1", "50.00").await;
    let path = "/v1/gift-card-redemptions";
    let hold = card.with(&json!({"amount": "20.00", "currency": "AUD", "hold": true}));
    stack.put(&format!("{path}/d-1"), &hold).await.is(201);
    stack.put(&format!("{path}/d-2"), &hold).await.is(201);
    let voided =
        stack.post("/v1/members/ann/gift-cards/c-1/void", &json!({"reason": "r"})).await.ok();
    assert_eq!(voided["amount"], json!("10.00"));
    let number = json!({"number": card.number});
    stack.post(&format!("{path}/d-1/capture"), &number).await.is(200);
    stack.post(&format!("{path}/d-2/release"), &number).await.is(200);
    stands(balance(&stack, &card).await, "0.00", "void");
    let refund = json!({"number": card.number, "amount": "20.00"});
    stack.put(&format!("{path}/d-1/refunds/r"), &refund).await.is(201);
    stands(balance(&stack, &card).await, "0.00", "void");
    assert_eq!(credit(&stack, "ann").await, "0.00");
}

#[tokio::test]
async fn malformed_cards_are_refused_without_repeating_a_pin() {
    let stack = Stack::new().await;
    let card = sell(&stack, "ann", "c-1", "50.00").await;
    for (body, field) in [
        (json!({"number": "123", "pin": "482913"}), "number"),
        (json!({"number": card.number, "pin": 482_913}), "pin"),
        (json!({"number": card.number, "pin": {"482913": 1}}), "pin"),
        (json!({"number": card.number, "pin": "482913x"}), "pin"),
        (json!({"number": card.number}), "pin"),
    ] {
        let reply = stack.post("/v1/gift-cards/balance", &body).await;
        reply.refused(400, "invalid_request");
        assert_eq!(reply.body["field"], json!(field), "{}", reply.body);
        assert!(!reply.body.to_string().contains("482913"), "{}", reply.body);
    }
    let max = card.with(&json!({"amount": "max"}));
    let twice =
        stack.post("/v1/members/bob/quotes", &basket("9.00", &[max.clone(), max.clone()])).await;
    twice.refused(400, "invalid_request");
    assert_eq!(twice.body["field"], json!("use.gift_cards"));
    let many: Vec<Value> = (0..11).map(|number| {
        json!({"number": format!("{:016}", 6_000_000_000_000_000_u64 + number), "pin": "1", "amount": "max"})
    }).collect();
    stack
        .post("/v1/members/bob/quotes", &basket("9.00", &many))
        .await
        .refused(400, "invalid_request");
    let yen = json!({"currency": "JPY", "lines": [{"id": "1", "amount": "900"}], "use": {"gift_cards": [max]}});
    let refused = stack.post("/v1/members/bob/quotes", &yen).await;
    refused.refused(422, "rule_refused");
    assert_eq!(refused.body["rule"], json!("currency"));
}

#[tokio::test]
async fn time_decides_between_revert_expiry_and_a_hold() {
    let stack = Stack::new().await;
    let sell = async |card: &str, more: Value| {
        let mut body = json!({"gift_card": "standard", "amount": "50.00"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let sold = stack.put(&format!("/v1/members/ann/gift-cards/{card}"), &body).await.ok();
        let text = |name: &str| sold[name].as_str().unwrap().to_owned();
        Sold { number: text("number"), pin: text("pin") }
    };
    let (noon, one) = ("2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z");
    let reverts = sell("reverts", json!({"revert_at": noon, "expires_at": one})).await;
    let expires = sell("expires", json!({"revert_at": one, "expires_at": noon})).await;
    let both = sell("both", json!({"revert_at": noon, "expires_at": noon})).await;
    let held = sell("held", json!({"revert_at": noon})).await;
    let spent = sell("spent", json!({"revert_at": noon})).await;
    let set_aside = |card: &Sold| {
        card.with(&json!({"amount": "20.00", "currency": "AUD", "hold": true, "hold_for": "P1D"}))
    };
    stack.put("/v1/gift-card-redemptions/h", &set_aside(&held)).await.is(201);
    stack.put("/v1/gift-card-redemptions/s", &set_aside(&spent)).await.is(201);
    stack.post("/_local/clock", &json!({"now": "2026-11-21T11:59:59.999Z"})).await.is(200);
    for card in [&reverts, &expires, &both] {
        stands(balance(&stack, card).await, "50.00", "active");
    }
    stack.post("/_local/clock", &json!({"now": noon})).await.is(200);
    stands(balance(&stack, &reverts).await, "0.00", "reverted");
    stands(balance(&stack, &expires).await, "0.00", "expired");
    stands(balance(&stack, &both).await, "0.00", "expired");
    // A hold keeps a card from its purchaser, and nobody may spend the rest meanwhile.
    stands(balance(&stack, &held).await, "0.00", "active");
    let more = held.with(&json!({"amount": "1.00", "currency": "AUD"}));
    stack.put("/v1/gift-card-redemptions/h-2", &more).await.refused(409, "gift_card_held");
    // What is captured keeps it for good.
    let number = json!({"number": spent.number});
    stack.post("/v1/gift-card-redemptions/s/capture", &number).await.is(200);
    stands(balance(&stack, &spent).await, "30.00", "active");
    stack.advance("P2D").await;
    stands(balance(&stack, &spent).await, "30.00", "active");
    stands(balance(&stack, &held).await, "0.00", "reverted");
    // Written down: what expired on its way comes and goes, the rest is the purchaser's.
    let swept = stack.post("/_local/sweeps/expire", &json!({})).await.ok();
    assert_eq!(swept["failed"], json!(0));
    for _ in 0..2 {
        let swept = stack.post("/_local/sweeps/revert", &json!({})).await.ok();
        assert_eq!((&swept["failed"], &swept["left"]), (&json!(0), &json!(0)), "{swept}");
        stack.advance("P1D").await;
    }
    assert_eq!(credit(&stack, "ann").await, "50.00");
    let entries = stack.get("/v1/members/ann/entries").await.ok();
    let mut summaries: Vec<_> = entries["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["summary"].as_str().unwrap().to_owned())
        .collect();
    summaries.sort();
    assert_eq!(
        summaries,
        [
            "50.00 of gift credit back from gift card held, unclaimed",
            "50.00 of gift credit until 2026-11-21 back from gift card reverts, unclaimed; 50.00 of gift credit expired",
        ]
    );
    // A refund finds a card that has expired since, for the grace period.
    let late = sell("late", json!({"expires_at": "2026-11-27T00:00:00Z"})).await;
    let whole = late.with(&json!({"amount": "50.00", "currency": "AUD"}));
    stack.put("/v1/gift-card-redemptions/l", &whole).await.is(201);
    stack.advance("P3D").await;
    let back = json!({"number": late.number, "amount": "20.00"});
    stack.put("/v1/gift-card-redemptions/l/refunds/r", &back).await.is(201);
    stands(balance(&stack, &late).await, "20.00", "active");
    stack.advance("P16D").await;
    stands(balance(&stack, &late).await, "0.00", "expired");
}

#[tokio::test]
async fn card_that_was_spent_from_expires_by_the_marker_of_its_way_back() {
    // Both in one hour, so that the card has one marker; and days apart, with a sweep that is late.
    for (revert_at, expires_at, late) in [
        ("2026-11-21T12:00:00Z", "2026-11-21T12:30:00Z", "PT12H"),
        ("2026-11-21T12:00:00Z", "2026-11-24T12:00:00Z", "P5D"),
    ] {
        let stack = Stack::new().await;
        let body = json!({"gift_card": "standard", "amount": "50.00", "revert_at": revert_at,
            "expires_at": expires_at});
        let sold = stack.put("/v1/members/ann/gift-cards/c", &body).await.ok();
        let spend = json!({"number": sold["number"], "pin": sold["pin"], "amount": "20.00",
            "currency": "AUD"});
        stack.put("/v1/gift-card-redemptions/r", &spend).await.is(201);
        stack.advance(late).await;
        let mut posted = Vec::new();
        for job in ["revert", "expire"] {
            let swept = stack.post(&format!("/_local/sweeps/{job}"), &json!({})).await.ok();
            posted.push(swept["posted"].as_u64().unwrap());
            stack.advance("PT2H").await;
        }
        assert_eq!(posted, [1, 0], "{expires_at}");
    }
}
