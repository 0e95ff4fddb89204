//! Baskets worked by hand: what a member holds, what is in the basket and what of the one is to be
//! used for the other; then which discount takes how much off which line, which credit pays how
//! much, and what is left to pay (DESIGN 5.5 and 5.7 to 5.11).
//!
//! Every row is an example to read. [`notation`] says how; the comment above a row has the
//! arithmetic where it is not obvious. Here are the whole hierarchy, the spreading over lines,
//! gift-card lines and currencies; each source of value has a file of its own beside this one.
//!
//! Every basket is at the till on 2026-06-15. It is checked as a quote, as a redemption captured at
//! once and as a hold: all three give the same plan, its parts sum to the whole, and what it takes
//! leaves the wallet. Unless a row says otherwise, the program is [`shop`]:
//!
//! | definition | is |
//! |---|---|
//! | benefit `ten-percent`, `half-price`, `free` | 10, 50 and 100 percent off |
//! | benefit `five-off` | 5.00 off |
//! | benefit `hem` | a service |
//! | reward `plain` | without any rule |
//! | reward `goods`, `no-books` | not for shipping, not for the category `books` |
//! | reward `min20` | from a minimum spend of 20.00 |
//! | reward `half` | for at most half of what its lines come to |
//! | points `reward` | 100 points = 1.00, so that 1 point is 0.01 |
//! | points `pairs` | 50 points = 1.00, so that 1 point is 0.02 |
//! | points `trios` | 3 points = 1.00, and nothing less |
//! | points `bundles` | 100 points = 1.00, in multiples of 500 |
//! | points `status` | of kind `tier`, never redeemable |
//! | credit `welcome`, `store` | promotional; from returns |
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

#[path = "baskets/benefits.rs"]
mod benefits;
#[path = "baskets/credits.rs"]
mod credits;
#[path = "baskets/notation.rs"]
mod notation;
#[path = "baskets/points.rs"]
mod points;
#[path = "baskets/rewards.rs"]
mod rewards;
#[path = "support/sample.rs"]
mod sample;

use scrip_domain::program::Program;
use serde_json::json;

use notation::check as check_by;
use sample::{program, program_of};

fn shop() -> Program {
    let points = |handle: &str, points: u64, multiple: Option<u64>| {
        let value = match multiple {
            Some(multiple) => json!({"points": points, "money": "1.00", "multiple": multiple}),
            None => json!({"points": points, "money": "1.00"}),
        };
        json!({"handle": handle, "name": handle, "kind": "reward", "value": value})
    };
    let parts = json!({
        "points": [
            points("reward", 100, None),
            points("pairs", 50, None),
            points("trios", 3, None),
            points("bundles", 100, Some(500)),
            {"handle": "status", "name": "Status", "kind": "tier"},
        ],
        "rewards": [
            {"handle": "plain"},
            {"handle": "goods", "excludes": ["shipping"]},
            {"handle": "no-books", "excluded_categories": ["books"]},
            {"handle": "min20", "minimum_spend": "20.00"},
            {"handle": "half", "maximum_share": "0.5"},
        ],
        "benefits": [
            {"handle": "ten-percent", "percent_off": "10"},
            {"handle": "half-price", "percent_off": "50"},
            {"handle": "free", "percent_off": "100"},
            {"handle": "five-off", "amount_off": "5.00"},
            {"handle": "hem", "service": true},
        ],
        "credits": [
            {"handle": "store", "kind": "store"},
            {"handle": "welcome", "kind": "promotional"},
        ],
    });
    program_of("AUD", parts)
}

/// The same in a currency without decimals and in one with three; a point is a minor unit.
fn shop_in(currency: &str, unit: &str, points_per_unit: u64) -> Program {
    let value = json!({"points": points_per_unit, "money": unit});
    let parts = json!({
        "points": [{"handle": "reward", "name": "Points", "kind": "reward", "value": value}],
        "rewards": [{"handle": "half", "maximum_share": "0.5"}],
        "benefits": [{"handle": "ten-percent", "percent_off": "10"}],
        "credits": [{"handle": "store", "kind": "store"}],
    });
    program_of(currency, parts)
}

#[track_caller]
fn check(text: &str) {
    check_by(&shop(), text);
}

#[test]
fn hierarchy_is_benefits_rewards_points_credits() {
    // The basket of API.md, by the program of API.md, without the gift card. Half of the 90.00
    // after the benefit is 45.00, so the reward is within its share.
    check_by(
        &program(),
        "holds  benefit ten-percent as ten-percent-1, reward birthday 25.00 as birthday-2026
         holds  points reward 500 since 2026-05-01, credit welcome 20.00
         buys   100.00
         uses   benefits ten-percent-1; rewards max; points reward max; credits max
         off    ten-percent-1, 1 use: 10.00 = 10.00
         off    birthday-2026: 25.00 = 25.00
         off    reward, 500 points: 5.00 = 5.00
         pays   welcome (promotional): 20.00
         due    40.00",
    );
    // Three lines: 10 percent of 100.00; 8.10 over 54.00 and 27.00; 5.00 over 48.60, 24.30 and
    // 9.00, in cents 296.70, 148.35 and 54.95, of which the third and the first are rounded up.
    check(
        "holds  benefit ten-percent, reward goods 8.10, points reward 500
         holds  credit welcome 20.00, credit store 6.90
         buys   60.00, 30.00, 10.00 shipping
         uses   benefits ten-percent; rewards max; points reward 500; credits max
         off    ten-percent, 1 use: 10.00 = 6.00 + 3.00 + 1.00
         off    goods: 8.10 = 5.40 + 2.70 + 0.00
         off    reward, 500 points: 5.00 = 2.97 + 1.48 + 0.55
         pays   welcome (promotional): 20.00
         pays   store (store): 6.90
         due    50.00",
    );
    // What is not asked for is not used.
    check(
        "holds  benefit ten-percent, reward plain 8.10, points reward 500, credit store 20.00
         buys   60.00
         uses   expecting 60.00
         due    60.00",
    );
    check(
        "holds  credit store 20.00
         buys   60.00
         uses   credits max; expecting 60.00
         refused 40.00 is due now",
    );
}

#[test]
fn discounts_may_add_up_to_the_whole_price() {
    check(
        "holds  benefit free, credit store 10.00
         buys   30.00, 50.00
         uses   benefits free; points reward max; credits max
         off    free, 1 use: 80.00 = 30.00 + 50.00
         due    0.00",
    );
    // 50.00 + 30.00 + 20.00; nothing is left for the credit.
    check(
        "holds  benefit half-price, reward plain 30.00, points reward 9999, credit store 10.00
         buys   75.00, 25.00
         uses   benefits half-price; rewards max; points reward max; credits max
         off    half-price, 1 use: 50.00 = 37.50 + 12.50
         off    plain: 30.00 = 22.50 + 7.50
         off    reward, 2000 points: 20.00 = 15.00 + 5.00
         due    0.00",
    );
}

#[test]
fn discount_is_spread_over_the_lines_to_the_cent() {
    // Thirds of a cent all round: to the earliest. The next cent goes by what is left of the
    // lines, 0.99, 1.00 and 1.00, so to the earlier of the other two.
    check(
        "holds  reward plain 0.01, points reward 1
         buys   3 x 1.00
         uses   rewards max; points reward max
         off    plain: 0.01 = 0.01 + 0.00 + 0.00
         off    reward, 1 points: 0.01 = 0.00 + 0.01 + 0.00
         due    2.98",
    );
    // 33 1/3 each.
    check(
        "holds  reward plain 1.00
         buys   3 x 10.00
         uses   rewards max
         off    plain: 1.00 = 0.34 + 0.33 + 0.33
         due    29.00",
    );
    // 0.005 and 0.015: as near, so the earlier.
    check(
        "holds  reward plain 0.02
         buys   0.01, 0.03
         uses   rewards max
         off    plain: 0.02 = 0.01 + 0.01
         due    0.02",
    );
    // A zero line has no share.
    check(
        "holds  benefit ten-percent
         buys   0.00, 10.00
         uses   benefits ten-percent
         off    ten-percent, 1 use: 1.00 = 0.00 + 1.00
         due    9.00",
    );
    // There is nothing that anything could be used for.
    check(
        "holds  points reward 500, credit store 20.00
         buys   0.00
         uses   points reward max; credits max
         due    0.00",
    );
}

#[test]
fn basket_may_have_200_lines_and_the_largest_amount() {
    // 10 percent of 2.00; then 0.50 over the 180 lines that have a cent left.
    check(
        "holds  benefit ten-percent, reward plain 0.50
         buys   200 x 0.01
         uses   benefits ten-percent; rewards max
         off    ten-percent, 1 use: 0.20 = 20 x 0.01 + 180 x 0.00
         off    plain: 0.50 = 20 x 0.00 + 50 x 0.01 + 130 x 0.00
         due    1.30",
    );
    // 2^53 - 1 cents; half of them is 4,503,599,627,370,495.5.
    check(
        "holds  benefit half-price, credit store 90071992547409.91
         buys   90071992547409.91
         uses   benefits half-price; credits max
         off    half-price, 1 use: 45035996273704.96 = 45035996273704.96
         pays   store (store): 45035996273704.95
         due    0.00",
    );
    // With W = 2^53 - 2, W × W ÷ (W + 1) is W - 1 and nearly nothing, W × 1 ÷ (W + 1) nearly 1.
    check(
        "holds  reward plain 90071992547409.90
         buys   90071992547409.90, 0.01
         uses   rewards 90071992547409.90
         off    plain: 90071992547409.90 = 90071992547409.89 + 0.01
         due    0.01",
    );
    check(
        "buys   90071992547409.91, 0.01
         uses   points reward max
         refused points or minor units in one sum are limited to 9007199254740991",
    );
}

#[test]
fn only_store_credit_pays_for_gift_cards_alone() {
    check(
        "holds  reward plain 5.00, points reward 500, credit welcome 20.00, credit store 60.00
         buys   30.00 gift_card, 20.00 gift_card
         uses   rewards max; points reward max; credits max
         pays   store (store): 50.00
         due    0.00
         skips  plain: nothing_eligible
         skips  welcome: nothing_eligible",
    );
    check(
        "holds  reward plain 5.00
         buys   50.00 gift_card
         uses   rewards 5.00
         refused nothing_eligible, rewards pay 0.00 at most",
    );
    check(
        "holds  reward plain 5.00
         buys   50.00 gift_card
         uses   rewards plain=0.01
         refused nothing_eligible, rewards pay 0.00 at most",
    );
    check(
        "holds  points reward 500
         buys   50.00 gift_card
         uses   points reward 500
         refused only 0.00 left for it to pay",
    );
    check(
        "holds  credit welcome 20.00, credit store 60.00
         buys   50.00 gift_card
         uses   credits welcome=20.00, store=30.00
         refused nothing_eligible, credits pay 0.00 at most",
    );
}

#[test]
fn gift_cards_among_other_lines_are_paid_by_store_credit_and_what_is_due() {
    // 10 percent of 35.00.
    check(
        "holds  benefit ten-percent
         buys   30.00, 50.00 gift_card, 5.00 shipping
         uses   benefits ten-percent
         off    ten-percent, 1 use: 3.50 = 3.00 + 0.00 + 0.50
         due    81.50",
    );
    // Discounts take all of the 30.00; what is due then is for the card.
    check(
        "holds  benefit half-price, reward plain 40.00, points reward 500
         holds  credit welcome 20.00, credit store 45.00
         buys   50.00 gift_card, 30.00
         uses   benefits half-price; rewards max; points reward max; credits max
         off    half-price, 1 use: 15.00 = 0.00 + 15.00
         off    plain: 15.00 = 0.00 + 15.00
         pays   store (store): 45.00
         due    5.00
         skips  welcome: nothing_eligible",
    );
    // Promotional credit pays the 30.00, store credit of the 50.00 what it can.
    check(
        "holds  credit welcome 45.00, credit store 15.00
         buys   30.00, 50.00 gift_card
         uses   credits max
         pays   welcome (promotional): 30.00
         pays   store (store): 15.00
         due    35.00",
    );
    // Net of the discount it is 27.00, for both promotional credits together.
    check(
        "holds  benefit ten-percent, credit welcome 20.00 as w1, credit welcome 20.00 as w2
         buys   30.00, 50.00 gift_card
         uses   benefits ten-percent; credits w1=max, w2=max
         off    ten-percent, 1 use: 3.00 = 3.00 + 0.00
         pays   w1 (promotional): 20.00
         pays   w2 (promotional): 7.00
         due    50.00",
    );
    check(
        "holds  credit welcome 45.00, credit store 15.00
         buys   30.00, 50.00 gift_card
         uses   credits welcome=30.01
         refused only 30.00 left for it to pay",
    );
    // An amount of all credits: 30.00 is the most of the first, so 1.00 of the other.
    check(
        "holds  credit welcome 45.00, credit store 15.00
         buys   30.00, 50.00 gift_card
         uses   credits 31.00
         pays   welcome (promotional): 30.00
         pays   store (store): 1.00
         due    49.00",
    );
}

#[test]
fn value_in_another_currency_than_the_basket_is_not_used() {
    check(
        "holds  reward plain 5.00 as usd-reward in USD, reward plain 3.00 as aud-reward
         holds  credit store 5.00 as usd-credit in USD, credit store 4.00 as aud-credit
         buys   20.00
         uses   rewards max; credits max
         off    aud-reward: 3.00 = 3.00
         pays   aud-credit (store): 4.00
         due    13.00
         skips  usd-reward: currency
         skips  usd-credit: currency",
    );
    check(
        "holds  reward plain 5.00 as usd-reward in USD
         buys   20.00
         uses   rewards usd-reward=max
         due    20.00
         skips  usd-reward: currency",
    );
    check(
        "holds  reward plain 5.00 as usd-reward in USD
         buys   20.00
         uses   rewards usd-reward=5.00
         refused reward usd-reward is USD",
    );
    check(
        "holds  credit store 5.00 as usd-credit in USD
         buys   20.00
         uses   credits usd-credit=5.00
         refused credit usd-credit is USD",
    );
    // An amount of all is an amount of those in the basket's currency.
    check(
        "holds  credit store 5.00 as usd-credit in USD, credit store 4.00 as aud-credit
         buys   20.00
         uses   credits 5.00
         refused only 4.00 of all credits",
    );
}

#[test]
fn money_of_the_program_is_not_used_in_another_currency() {
    // A percentage is of any money; points are worth the program's.
    check(
        "holds  benefit ten-percent, benefit hem, points reward 500
         holds  reward plain 5.00 in USD, credit store 50.00 in USD
         buys   USD: 100.00
         uses   benefits ten-percent, hem; rewards max; points reward max; credits max
         off    ten-percent, 1 use: 10.00 = 10.00
         off    hem, 1 use: 0.00 = 0.00
         off    plain: 5.00 = 5.00
         pays   store (store): 50.00
         due    35.00",
    );
    check(
        "holds  points reward 500
         buys   USD: 100.00
         uses   points reward 100
         refused worth AUD only",
    );
    check(
        "holds  benefit five-off
         buys   USD: 100.00
         uses   benefits five-off
         refused worth AUD only",
    );
}

#[test]
fn currency_may_have_no_decimals_or_three() {
    // 109.8; spread 100.18 and 9.82. Half of 988; spread 450 and 44. Spread 273.28 and 26.72.
    check_by(
        &shop_in("JPY", "1", 1),
        "holds  benefit ten-percent, reward half 500, points reward 300, credit store 100
         buys   1000, 98
         uses   benefits ten-percent; rewards max; points reward max; credits max
         off    ten-percent, 1 use: 110 = 100 + 10
         off    half: 494 = 450 + 44
         off    reward, 300 points: 300 = 273 + 27
         pays   store (store): 100
         due    94",
    );
    // 0.1005; then 4 fils over 0.301, 0.301 and 0.302, the odd one to the largest.
    check_by(
        &shop_in("KWD", "1.000", 1000),
        "holds  benefit ten-percent, points reward 4, credit store 0.500
         buys   3 x 0.335
         uses   benefits ten-percent; points reward max; credits max
         off    ten-percent, 1 use: 0.101 = 0.034 + 0.034 + 0.033
         off    reward, 4 points: 0.004 = 0.001 + 0.001 + 0.002
         pays   store (store): 0.500
         due    0.400",
    );
    // Half of 0.333 is 0.1665.
    check_by(
        &shop_in("KWD", "1.000", 1000),
        "holds  reward half 1.000
         buys   0.333
         uses   rewards max
         off    half: 0.166 = 0.166
         due    0.167",
    );
}
