//! Rewards: within the rules of their definitions, soonest expiry first (DESIGN 5.7).

use crate::check;
use crate::notation::check as check_by;
use crate::sample::program;

#[test]
fn reward_touches_only_the_lines_of_its_definition() {
    // 20.00 of 30.00 goes on the goods; points may pay for the shipping.
    check(
        "holds  reward goods 30.00, points reward 1000
         buys   20.00, 5.00 shipping
         uses   rewards max; points reward max
         off    goods: 20.00 = 20.00 + 0.00
         off    reward, 500 points: 5.00 = 0.00 + 5.00
         due    0.00",
    );
    check(
        "holds  reward goods 30.00, reward plain 2.00
         buys   5.00 shipping
         uses   rewards max
         off    plain: 2.00 = 2.00
         due    3.00
         skips  goods: nothing_eligible",
    );
    // Over 8.00 and 4.00; a line without a category is in none that is excluded.
    check(
        "holds  reward no-books 6.00
         buys   12.00 books, 8.00 toys, 4.00
         uses   rewards max
         off    no-books: 6.00 = 0.00 + 4.00 + 2.00
         due    18.00",
    );
    check(
        "holds  reward no-books 20.00
         buys   12.00 books, 8.00 toys
         uses   rewards no-books=8.00
         off    no-books: 8.00 = 0.00 + 8.00
         due    12.00",
    );
    check(
        "holds  reward no-books 20.00
         buys   12.00 books, 8.00 toys
         uses   rewards no-books=8.01
         refused only 8.00 left for it to pay",
    );
    check(
        "holds  reward no-books 6.00
         buys   12.00 books
         uses   rewards 6.00
         refused nothing_eligible, rewards pay 0.00 at most",
    );
}

#[test]
fn reward_needs_the_minimum_spend_after_benefits() {
    // 21.00 less 10 percent is 18.90.
    check(
        "holds  benefit ten-percent, reward min20 5.00
         buys   21.00
         uses   benefits ten-percent; rewards max
         off    ten-percent, 1 use: 2.10 = 2.10
         due    18.90
         skips  min20: minimum_spend",
    );
    check(
        "holds  benefit ten-percent, reward min20 5.00
         buys   21.00
         uses   benefits ten-percent; rewards 5.00
         refused minimum_spend, rewards pay 0.00 at most",
    );
    check(
        "holds  benefit ten-percent, reward min20 5.00
         buys   21.00
         uses   benefits ten-percent; rewards min20=0.01
         refused minimum_spend, rewards pay 0.00 at most",
    );
    // 22.22 less 2.22 (2.222) is exactly the minimum; 22.21 less 2.22 (2.221) is a cent below.
    check(
        "holds  benefit ten-percent, reward min20 5.00
         buys   22.22
         uses   benefits ten-percent; rewards max
         off    ten-percent, 1 use: 2.22 = 2.22
         off    min20: 5.00 = 5.00
         due    15.00",
    );
    check(
        "holds  benefit ten-percent, reward min20 5.00
         buys   22.21
         uses   benefits ten-percent; rewards max
         off    ten-percent, 1 use: 2.22 = 2.22
         due    19.99
         skips  min20: minimum_spend",
    );
}

#[test]
fn minimum_spend_is_of_the_eligible_lines_before_rewards() {
    // The other reward goes first and leaves 12.00; 20.00 was enough.
    check(
        "holds  reward plain 8.00 until 2026-07-01, reward min20 5.00
         buys   20.00
         uses   rewards max
         off    plain: 8.00 = 8.00
         off    min20: 5.00 = 5.00
         due    7.00",
    );
    check(
        "holds  reward min20 5.00
         buys   19.99, 50.00 gift_card
         uses   rewards max
         due    69.99
         skips  min20: minimum_spend",
    );
    // The sample's birthday reward excludes shipping, and pays at most half.
    check_by(
        &program(),
        "holds  reward birthday 12.00
         buys   19.99, 5.00 shipping
         uses   rewards max
         due    24.99
         skips  birthday: minimum_spend",
    );
    check_by(
        &program(),
        "holds  reward birthday 12.00
         buys   20.00, 5.00 shipping
         uses   rewards max
         off    birthday: 10.00 = 10.00 + 0.00
         due    15.00",
    );
}

#[test]
fn reward_pays_at_most_its_share_rounded_down() {
    // Half of 33.33 is 16.665.
    check(
        "holds  reward half 20.00
         buys   33.33
         uses   rewards max
         off    half: 16.66 = 16.66
         due    16.67",
    );
    check(
        "holds  reward half 20.00
         buys   33.33
         uses   rewards half=16.66
         off    half: 16.66 = 16.66
         due    16.67",
    );
    check(
        "holds  reward half 20.00
         buys   33.33
         uses   rewards half=16.67
         refused maximum_share, rewards pay 16.66 at most",
    );
    // All of the definition together: 10.00, the 6.66 that are left, nothing.
    check(
        "holds  reward half 10.00 as h1, reward half 10.00 as h2, reward half 10.00 as h3
         buys   33.33
         uses   rewards h1=max, h2=max, h3=max
         off    h1: 10.00 = 10.00
         off    h2: 6.66 = 6.66
         due    16.67
         skips  h3: maximum_share",
    );
    // Half of 0.01 is 0.005.
    check(
        "holds  reward half 20.00
         buys   0.01
         uses   rewards max
         due    0.01
         skips  half: maximum_share",
    );
    // After benefits: half of 90.00, by the sample's birthday reward.
    check_by(
        &program(),
        "holds  benefit ten-percent, reward birthday 60.00
         buys   100.00
         uses   benefits ten-percent; rewards max
         off    ten-percent, 1 use: 10.00 = 10.00
         off    birthday: 45.00 = 45.00
         due    45.00",
    );
}

#[test]
fn share_is_of_what_was_there_before_rewards() {
    // Half of 80.00 although 50.00 are left.
    check(
        "holds  reward plain 30.00 until 2026-07-01, reward half 50.00
         buys   80.00
         uses   rewards max
         off    plain: 30.00 = 30.00
         off    half: 40.00 = 40.00
         due    10.00",
    );
    // And never more than what is left.
    check(
        "holds  reward plain 50.00 until 2026-07-01, reward half 50.00
         buys   80.00
         uses   rewards max
         off    plain: 50.00 = 50.00
         off    half: 30.00 = 30.00
         due    0.00",
    );
    // The other definition has no share to keep to.
    check(
        "holds  reward half 50.00 until 2026-07-01, reward plain 100.00
         buys   80.00
         uses   rewards max
         off    half: 40.00 = 40.00
         off    plain: 40.00 = 40.00
         due    0.00",
    );
}

#[test]
fn rewards_are_spent_soonest_expiry_first_then_oldest() {
    check(
        "holds  reward plain 5.00 as a, reward plain 5.00 as b until 2026-08-01
         holds  reward plain 5.00 as c until 2026-07-01
         holds  reward plain 5.00 as d until 2026-07-01 since 2026-05-01
         buys   17.00
         uses   rewards max
         off    d: 5.00 = 5.00
         off    c: 5.00 = 5.00
         off    b: 5.00 = 5.00
         off    a: 2.00 = 2.00
         due    0.00",
    );
    // Of two definitions, too.
    check(
        "holds  reward goods 6.00 until 2026-07-01
         holds  reward plain 6.00 until 2026-07-01 since 2026-05-01
         buys   10.00
         uses   rewards max
         off    plain: 6.00 = 6.00
         off    goods: 4.00 = 4.00
         due    0.00",
    );
    // Also where another order would take more off: 6.00 over both lines, then what is left of
    // the goods.
    check(
        "holds  reward goods 12.00 until 2026-08-01, reward plain 6.00 until 2026-07-01
         buys   10.00, 5.00 shipping
         uses   rewards max
         off    plain: 6.00 = 4.00 + 2.00
         off    goods: 6.00 = 6.00 + 0.00
         due    3.00",
    );
    // A list says which, not in which order.
    check(
        "holds  reward plain 5.00 as late until 2026-08-01, reward plain 5.00 as unlisted
         holds  reward plain 5.00 as soon until 2026-07-01
         buys   7.00
         uses   rewards late=max, soon=max
         off    soon: 5.00 = 5.00
         off    late: 2.00 = 2.00
         due    0.00",
    );
    check(
        "holds  reward plain 5.00 as late until 2026-08-01
         holds  reward plain 5.00 as soon until 2026-07-01
         buys   50.00
         uses   rewards 8.00
         off    soon: 5.00 = 5.00
         off    late: 3.00 = 3.00
         due    42.00",
    );
    // Expired at this very instant, and good for one millisecond more.
    check(
        "holds  reward plain 5.00 as dead until 2026-06-15
         holds  reward plain 3.00 as alive until 2026-06-15T00:00:00.001Z
         buys   50.00
         uses   rewards alive=max, dead=max
         off    alive: 3.00 = 3.00
         due    47.00
         skips  dead: not_available",
    );
}

#[test]
fn amount_of_rewards_is_taken_exactly_or_refused() {
    check(
        "holds  reward plain 5.00 as r1, reward plain 5.00 as r2
         buys   50.00
         uses   rewards 10.01
         refused only 10.00 of all rewards",
    );
    // One of them has 5.00, whatever the other has.
    check(
        "holds  reward plain 5.00 as r1, reward plain 5.00 as r2
         buys   50.00
         uses   rewards r1=5.01
         refused only 5.00 of reward r1",
    );
    check(
        "holds  reward plain 5.00
         buys   50.00
         uses   rewards lost=0.01
         refused only 0.00 of reward lost",
    );
    check(
        "holds  reward plain 6.00
         buys   5.00
         uses   rewards plain=5.01
         refused only 5.00 left for it to pay",
    );
    check(
        "holds  reward plain 6.00
         buys   5.00
         uses   rewards plain=5.00
         off    plain: 5.00 = 5.00
         due    0.00",
    );
    // Nothing is taken exactly, too.
    check(
        "holds  reward plain 6.00, points reward 500, credit store 6.00
         buys   5.00
         uses   rewards 0.00; points reward 0; credits 0.00
         due    5.00",
    );
    check(
        "holds  reward plain 6.00, credit store 6.00
         buys   5.00
         uses   rewards plain=0.00; credits store=0.00
         due    5.00",
    );
}

/// The amount is one of all rewards, so is what they could pay.
#[test]
fn amount_of_all_rewards_is_refused_with_what_all_could_pay() {
    check(
        "holds  reward half 10.00 as h1, reward half 10.00 as h2
         buys   33.33
         uses   rewards 20.00
         refused maximum_share, rewards pay 16.66 at most",
    );
    check(
        "holds  reward goods 5.00 until 2026-07-01, reward plain 20.00
         buys   10.00, 5.00 shipping
         uses   rewards 16.00
         refused only 15.00 left for it to pay",
    );
    check(
        "holds  reward min20 10.00 until 2026-07-01, reward plain 25.00
         buys   15.00
         uses   rewards 20.00
         refused only 15.00 left for it to pay",
    );
    check(
        "holds  benefit free, reward plain 5.00
         buys   33.33
         uses   benefits free; rewards 5.00
         refused only 0.00 left for it to pay",
    );
}

#[test]
fn reward_that_was_not_wanted_or_has_nothing_to_pay_is_not_passed_over() {
    check(
        "holds  reward half 10.00 as h1, reward half 10.00 as h2
         buys   20.00
         uses   rewards 5.00
         off    h1: 5.00 = 5.00
         due    15.00",
    );
    check(
        "holds  reward plain 10.00, reward plain 10.00 as usd in USD
         buys   20.00
         uses   rewards 5.00
         off    plain: 5.00 = 5.00
         due    15.00",
    );
    for uses in ["rewards min20=0.00", "rewards 0.00", "rewards lost=0.00"] {
        check(&format!(
            "holds  reward min20 5.00
             buys   5.00
             uses   {uses}
             due    5.00"
        ));
    }
    check(
        "holds  reward plain 5.00 as usd in USD
         buys   5.00
         uses   rewards usd=0.00
         due    5.00",
    );
    check(
        "holds  benefit free, reward plain 10.00
         buys   20.00
         uses   benefits free; rewards max
         off    free, 1 use: 20.00 = 20.00
         due    0.00",
    );
    check(
        "holds  reward plain 5.00
         buys   0.00
         uses   rewards max
         due    0.00",
    );
}

#[test]
fn plan_has_at_most_twenty_discounts() {
    let rewards = (1..=21).map(|number| format!("reward plain 1.00 as r{number:02}"));
    let holds = rewards.collect::<Vec<_>>().join(", ");
    let row = |uses: &str, answer: &str| {
        check(&format!("holds  {holds}\n buys   100.00\n uses   {uses}\n {answer}"));
    };
    let off = (1..=20).map(|number| format!("off    r{number:02}: 1.00 = 1.00"));
    let off = off.collect::<Vec<_>>().join("\n ");
    row("rewards max", &format!("{off}\n due    80.00\n skips  r21: limit"));
    row("rewards 20.00", &format!("{off}\n due    80.00"));
    // Points find no room; asked for exactly, they are refused.
    let holds_points = format!("{holds}, points reward 500");
    let with_points = |uses: &str, answer: &str| {
        check(&format!("holds  {holds_points}\n buys   100.00\n uses   {uses}\n {answer}"));
    };
    let answer = format!("{off}\n due    80.00\n skips  r21: limit");
    with_points("rewards max; points reward max", &answer);
    let refused = "refused discounts of a redemption are limited to 20";
    with_points("rewards max; points reward 500", refused);
    // What is paid in full has no use for the rest.
    let answer = format!("{off}\n due    0.00");
    check(&format!("holds  {holds}\n buys   20.00\n uses   rewards max\n {answer}"));
    row("rewards 20.01", "refused discounts of a redemption are limited to 20");
}

#[test]
fn share_of_a_reward_that_comes_to_what_is_left_keeps_it_from_nothing() {
    // Half of 20.00 is the 10.00 that the other has left.
    check(
        "holds  reward plain 10.00 as first until 2026-12-01, reward half 20.00
         buys   20.00
         uses   rewards first=max, half=10.01
         refused only 10.00 left for it to pay",
    );
}

#[test]
fn rewards_are_refused_for_that_nothing_is_left_to_pay_or_for_what_kept_the_first() {
    // Half of 20.00 and the other 10.00: no rule keeps them from 25.00, there is no more to pay.
    check(
        "holds  reward half 20.00 as first until 2026-12-01, reward plain 20.00
         buys   20.00
         uses   rewards 25.00
         refused only 20.00 left for it to pay",
    );
    // Half of 15.00 keeps the first from the rest; that the second finds too low a spend comes after.
    check(
        "holds  reward half 20.00 as first until 2026-12-01, reward min20 10.00
         buys   15.00
         uses   rewards 12.00
         refused maximum_share, rewards pay 7.50 at most",
    );
}
