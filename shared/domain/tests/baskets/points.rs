//! Points as money off: in whole steps (DESIGN 5.5).

use crate::check;

#[test]
fn points_max_is_what_there_is_or_what_is_left_to_pay() {
    check(
        "holds  points reward 1250
         buys   100.00
         uses   points reward max
         off    reward, 1250 points: 12.50 = 12.50
         due    87.50",
    );
    check(
        "holds  points reward 1250
         buys   12.49
         uses   points reward max
         off    reward, 1249 points: 12.49 = 12.49
         due    0.00",
    );
    // 10 points are 3 steps and a point.
    check(
        "holds  points trios 10
         buys   5.00
         uses   points trios max
         off    trios, 9 points: 3.00 = 3.00
         due    2.00",
    );
    // 5.50 is 5 steps and a half.
    check(
        "holds  points trios 30
         buys   5.50
         uses   points trios max
         off    trios, 15 points: 5.00 = 5.00
         due    0.50",
    );
    // A point is worth 0.02, so one cent is left.
    check(
        "holds  points pairs 100
         buys   0.05
         uses   points pairs max
         off    pairs, 2 points: 0.04 = 0.04
         due    0.01",
    );
    check(
        "holds  points bundles 1400
         buys   100.00
         uses   points bundles max
         off    bundles, 1000 points: 10.00 = 10.00
         due    90.00",
    );
    // No step fits.
    check(
        "holds  points bundles 499, points trios 2, points pairs 100
         buys   0.01
         uses   points bundles max; points trios max; points pairs max
         due    0.01",
    );
}

#[test]
fn count_of_points_is_taken_exactly_or_refused() {
    check(
        "holds  points trios 30
         buys   5.00
         uses   points trios 4
         refused multiples of 3 points only",
    );
    check(
        "holds  points bundles 1400
         buys   100.00
         uses   points bundles 750
         refused multiples of 500 points only",
    );
    check(
        "holds  points reward 500
         buys   100.00
         uses   points reward 501
         refused only 500 reward points",
    );
    check(
        "holds  points reward 2000
         buys   10.00
         uses   points reward 1000
         off    reward, 1000 points: 10.00 = 10.00
         due    0.00",
    );
    check(
        "holds  points reward 2000
         buys   10.00
         uses   points reward 1001
         refused only 10.00 left for it to pay",
    );
    // Left by the discounts before: 10.00 - 2.00.
    check(
        "holds  reward plain 2.00, points reward 2000
         buys   10.00
         uses   rewards max; points reward 801
         refused only 8.00 left for it to pay",
    );
    check(
        "holds  points status 500
         buys   10.00
         uses   points status max
         refused status points are no money",
    );
    check(
        "buys   10.00
         uses   points lost max
         refused no points lost",
    );
}

#[test]
fn points_of_several_definitions_go_in_the_order_given() {
    // 10.00 - 3.00 = 7.00, which is 7 steps of 3.
    check(
        "holds  points reward 300, points trios 30
         buys   10.00
         uses   points reward 300; points trios max
         off    reward, 300 points: 3.00 = 3.00
         off    trios, 21 points: 7.00 = 7.00
         due    0.00",
    );
    check(
        "holds  points reward 300, points trios 30
         buys   10.50
         uses   points trios max; points reward max
         off    trios, 30 points: 10.00 = 10.00
         off    reward, 50 points: 0.50 = 0.50
         due    0.00",
    );
    // Pending until the next millisecond, or available from this one.
    check(
        "holds  points reward 300 from 2026-06-15T00:00:00.001Z, points pairs 10 from 2026-06-15
         buys   10.00
         uses   points reward max; points pairs max
         off    pairs, 10 points: 0.20 = 0.20
         due    9.80",
    );
    check(
        "holds  points reward 300 from 2026-06-15T00:00:00.001Z
         buys   10.00
         uses   points reward 1
         refused only 0 reward points",
    );
}
