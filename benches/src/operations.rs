//! The requests of API.md, as they are measured: what is done before, and the one that counts.

use serde_json::{Value, json};

use crate::textbook::Work;

/// A request: its route with a query, its ids, its body.
pub(crate) type Ask = (&'static str, &'static str, Value);

/// An operation, of the member `alice` with so many lots.
pub(crate) struct Operation {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// What is done before; the last one counts.
    pub(crate) asks: Vec<Ask>,
    /// The same work in the words of a textbook, where it is compared.
    pub(crate) work: Option<Work>,
}

const FACTS: &str = "PUT /v1/members/{member}";
const PURCHASE: &str = "PUT /v1/members/{member}/purchases/{order}";
const RETURN: &str = "PUT /v1/members/{member}/purchases/{order}/returns/{return}";
const AWARD: &str = "PUT /v1/members/{member}/awards/{award}";
const ADJUSTMENT: &str = "PUT /v1/members/{member}/adjustments/{adjustment}";
const ASSIGNMENT: &str = "PUT /v1/members/{member}/tier-assignments/{assignment}";
const CREDIT: &str = "PUT /v1/members/{member}/credits/{credit}";
const CREDIT_EXTENSION: &str = "PUT /v1/members/{member}/credits/{credit}/extensions/{extension}";
const CREDIT_VOID: &str = "POST /v1/members/{member}/credits/{credit}/void";
const REWARD: &str = "PUT /v1/members/{member}/rewards/{reward}";
const BENEFIT: &str = "PUT /v1/members/{member}/benefits/{benefit}";
const QUOTE: &str = "POST /v1/members/{member}/quotes";
const REDEMPTION: &str = "PUT /v1/members/{member}/redemptions/{redemption}";
const CAPTURE: &str = "POST /v1/members/{member}/redemptions/{redemption}/capture";
const RELEASE: &str = "POST /v1/members/{member}/redemptions/{redemption}/release";
const REFUND: &str = "PUT /v1/members/{member}/redemptions/{redemption}/refunds/{refund}";
const ONE: &str = "GET /v1/members/{member}/redemptions/{redemption}";
const HELD: &str = "GET /v1/members/{member}/redemptions?status=held";
const CONVERSION: &str = "PUT /v1/members/{member}/conversions/{conversion}";
const TRANSFER: &str = "PUT /v1/members/{member}/transfers/{transfer}";
const TRANSFER_REFUND: &str = "PUT /v1/members/{member}/transfers/{transfer}/refunds/{refund}";
const CARD: &str = "PUT /v1/members/{member}/gift-cards/{card}";
const CARD_NOW: &str = "GET /v1/members/{member}/gift-cards/{card}";
const CARDS: &str = "GET /v1/members/{member}/gift-cards";
const CARD_BALANCE: &str = "POST /v1/gift-cards/balance";
const CLAIM: &str = "POST /v1/members/{member}/claims";
const CANCEL: &str = "POST /v1/members/{member}/gift-cards/{card}/cancel";
const CARD_VOID: &str = "POST /v1/members/{member}/gift-cards/{card}/void";
const SPEND: &str = "PUT /v1/gift-card-redemptions/{redemption}";
const SPEND_CAPTURE: &str = "POST /v1/gift-card-redemptions/{redemption}/capture";
const SPEND_RELEASE: &str = "POST /v1/gift-card-redemptions/{redemption}/release";
const SPEND_REFUND: &str = "PUT /v1/gift-card-redemptions/{redemption}/refunds/{refund}";
const BALANCE: &str = "GET /v1/members/{member}";
const AS_OF: &str = "GET /v1/members/{member}?at=2026-11-21T03:04:05Z";
const ENTRIES: &str = "GET /v1/members/{member}/entries?limit=20";
const ENTRY: &str = "GET /v1/members/{member}/entries/{entry}";
const PROGRAM: &str = "GET /v1/program";

/// Points of each lot; a hundred are a dollar.
pub(crate) const POINTS_PER_LOT: u64 = 100;

/// Gives `alice` a lot more, which expires `months` months after the next new year.
pub(crate) fn lot(number: usize) -> (&'static str, String, Value) {
    let expires_at = format!("{}-{:02}-01T00:00:00Z", 2027 + number / 12, 1 + number % 12);
    let body = json!({"points": "survey", "amount": POINTS_PER_LOT, "reason": "spring survey",
                      "expires_at": expires_at});
    (AWARD, format!("alice lot-{number}"), body)
}

fn basket(points: u64, hold: bool) -> Value {
    json!({"currency": "AUD", "hold": hold,
           "lines": [{"id": "1", "sku": "SHIRT", "category": "apparel", "amount": "200.00"}],
           "use": {"points": {"definition": "survey", "amount": points}}})
}

fn order(redemption: Option<&str>) -> Value {
    let mut order = json!({
        "currency": "AUD", "transacted_at": "2026-11-21T03:04:05Z", "location": "mel-01", "country": "AU",
        "lines": [{"id": "1", "sku": "SHIRT", "category": "apparel", "net": "59.95"},
                  {"id": "2", "sku": "SOCKS", "category": "apparel", "net": "12.00"}],
    });
    if let Some(redemption) = redemption {
        order["redemption"] = json!(redemption);
    }
    order
}

/// Every operation of a member with `lots` lots. `$number` and `$pin` stand for those of the card
/// that was sold before.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn operations(lots: usize) -> Vec<Operation> {
    let all = u64::try_from(lots).unwrap() * POINTS_PER_LOT;
    let reason = || json!({"reason": "goodwill"});
    let award = || {
        (
            AWARD,
            "alice a-1",
            json!({"points": "survey", "amount": 50, "reason": "spring survey", "expires_at": "2027-01-01T00:00:00Z"}),
        )
    };
    let purchase = || (PURCHASE, "alice 1000234", order(None));
    let redemption = |points, hold| (REDEMPTION, "alice basket-77", basket(points, hold));
    let credit = || {
        (
            CREDIT,
            "alice c-1",
            json!({"credit": "store", "amount": "25.00", "reason": "return R-88", "expires_at": "2027-11-21T00:00:00Z"}),
        )
    };
    let card = || (CARD, "alice g-1", json!({"gift_card": "standard", "amount": "50.00"}));
    let presented = || json!({"number": "$number", "pin": "$pin"});
    let number = || json!({"number": "$number"});
    let spend = |hold: bool| {
        (
            SPEND,
            "direct-1",
            json!({"number": "$number", "pin": "$pin", "currency": "AUD", "amount": "20.00", "hold": hold}),
        )
    };
    let transfer = || {
        (
            TRANSFER,
            "alice t-1",
            json!({"points": "survey", "amount": 50, "to": "airline", "reference": "FF-1"}),
        )
    };
    let one = |name, asks| Operation { name, asks, work: None };
    let beside = |name, asks, work| Operation { name, asks, work: Some(work) };
    vec![
        beside("balance", vec![(BALANCE, "alice", Value::Null)], Work::Balance),
        one("balance as of the first lot", vec![(AS_OF, "alice", Value::Null)]),
        beside("award", vec![award()], Work::Issue { lots: 1 }),
        beside("award, sent again", vec![award(), award()], Work::Replay),
        beside("purchase", vec![purchase()], Work::Issue { lots: 2 }),
        one(
            "purchase that names a redemption",
            vec![redemption(50, false), (PURCHASE, "alice 1000234", order(Some("basket-77")))],
        ),
        one(
            "return",
            vec![
                purchase(),
                (
                    RETURN,
                    "alice 1000234 R-1",
                    json!({"returned_at": "2026-11-21T03:04:05Z", "lines": [{"id": "1", "net": "59.95"}]}),
                ),
            ],
        ),
        one(
            "adjustment",
            vec![(
                ADJUSTMENT,
                "alice j-1",
                json!({"points": "survey", "amount": -5, "reason": "correction", "actor": "jo"}),
            )],
        ),
        one(
            "facts",
            vec![(FACTS, "alice", json!({"birth_month": 11, "time_zone": "Australia/Melbourne"}))],
        ),
        one(
            "tier assignment",
            vec![(
                ASSIGNMENT,
                "alice s-1",
                json!({"level": "silver", "reason": "status match", "actor": "jo"}),
            )],
        ),
        one(
            "quote",
            vec![(QUOTE, "alice", {
                let mut quote = basket(50, false);
                quote.as_object_mut().unwrap().remove("hold");
                quote
            })],
        ),
        beside("redemption of one lot", vec![redemption(50, false)], Work::Spend { lots: 1 }),
        beside("redemption of every lot", vec![redemption(all, false)], Work::Spend { lots }),
        one("redemption, held", vec![redemption(50, true)]),
        one("its capture", vec![redemption(50, true), (CAPTURE, "alice basket-77", json!({}))]),
        one("its release", vec![redemption(50, true), (RELEASE, "alice basket-77", json!({}))]),
        one(
            "its refund",
            vec![
                redemption(50, false),
                (
                    REFUND,
                    "alice basket-77 f-1",
                    json!({"lines": [{"id": "1", "amount": "200.00"}]}),
                ),
            ],
        ),
        one("one redemption", vec![redemption(50, false), (ONE, "alice basket-77", Value::Null)]),
        one("redemptions that are held", vec![redemption(50, true), (HELD, "alice", Value::Null)]),
        one(
            "conversion",
            vec![
                (
                    AWARD,
                    "alice to-convert",
                    json!({"points": "reward", "amount": 500, "reason": "x", "accrue_at": "2026-11-21T03:04:05Z"}),
                ),
                (CONVERSION, "alice v-1", json!({"points": "reward", "amount": 500})),
            ],
        ),
        one("transfer out", vec![transfer()]),
        one(
            "its refund",
            vec![transfer(), (TRANSFER_REFUND, "alice t-1 f-1", json!({"amount": 20}))],
        ),
        one("store credit", vec![credit()]),
        one(
            "its extension",
            vec![
                credit(),
                (
                    CREDIT_EXTENSION,
                    "alice c-1 e-1",
                    json!({"expires_at": "2028-11-21T00:00:00Z", "reason": "was ill"}),
                ),
            ],
        ),
        one("its void", vec![credit(), (CREDIT_VOID, "alice c-1", reason())]),
        one(
            "reward",
            vec![(REWARD, "alice b-1", json!({"reward": "birthday", "amount": "25.00"}))],
        ),
        one("benefit", vec![(BENEFIT, "alice x-1", json!({"benefit": "free-hem"}))]),
        one("gift card sold", vec![card()]),
        one("its balance", vec![card(), (CARD_BALANCE, "", presented())]),
        one("one of a member's cards", vec![card(), (CARD_NOW, "alice g-1", Value::Null)]),
        one("a member's cards", vec![card(), (CARDS, "alice", Value::Null)]),
        one("its claim", vec![card(), (CLAIM, "alice", presented())]),
        one("its cancellation", vec![card(), (CANCEL, "alice g-1", reason())]),
        one("its void by the retailer", vec![card(), (CARD_VOID, "alice g-1", reason())]),
        one("spent by number and PIN", vec![card(), spend(false)]),
        one(
            "the same held, captured",
            vec![card(), spend(true), (SPEND_CAPTURE, "direct-1", number())],
        ),
        one(
            "the same held, released",
            vec![card(), spend(true), (SPEND_RELEASE, "direct-1", number())],
        ),
        one(
            "the same, refunded",
            vec![
                card(),
                spend(false),
                (SPEND_REFUND, "direct-1 f-1", json!({"number": "$number", "amount": "5.00"})),
            ],
        ),
        one(
            "redemption that also spends a card",
            vec![
                card(),
                (REDEMPTION, "alice basket-77", {
                    let mut with_card = basket(50, false);
                    with_card["use"]["gift_cards"] =
                        json!([{"number": "$number", "pin": "$pin", "amount": "20.00"}]);
                    with_card
                }),
            ],
        ),
        one("statement, 20 lines", vec![(ENTRIES, "alice", Value::Null)]),
        one("one line", vec![(ENTRY, "alice 1", Value::Null)]),
        one("program", vec![(PROGRAM, "", Value::Null)]),
    ]
}
