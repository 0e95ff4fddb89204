//! Benefits: chosen explicitly, in the order given (DESIGN 5.8).

use crate::check;

#[test]
fn benefits_apply_in_the_order_given() {
    // 50.00 - 5.00 = 45.00, less 5.00.
    check(
        "holds  benefit ten-percent, benefit five-off
         buys   50.00
         uses   benefits ten-percent, five-off
         off    ten-percent, 1 use: 5.00 = 5.00
         off    five-off, 1 use: 5.00 = 5.00
         due    40.00",
    );
    // 50.00 - 5.00 = 45.00, less 10 percent of that.
    check(
        "holds  benefit ten-percent, benefit five-off
         buys   50.00
         uses   benefits five-off, ten-percent
         off    five-off, 1 use: 5.00 = 5.00
         off    ten-percent, 1 use: 4.50 = 4.50
         due    40.50",
    );
    // Money off is never more than the price.
    check(
        "holds  benefit five-off
         buys   3.20
         uses   benefits five-off
         off    five-off, 1 use: 3.20 = 3.20
         due    0.00",
    );
    // It touches shipping.
    check(
        "holds  benefit ten-percent
         buys   20.00, 5.00 shipping
         uses   benefits ten-percent
         off    ten-percent, 1 use: 2.50 = 2.00 + 0.50
         due    22.50",
    );
}

#[test]
fn percent_off_is_rounded_half_up_once() {
    // 0.005
    check(
        "holds  benefit ten-percent
         buys   0.05
         uses   benefits ten-percent
         off    ten-percent, 1 use: 0.01 = 0.01
         due    0.04",
    );
    // 0.025: up, and not to the even 0.02.
    check(
        "holds  benefit ten-percent
         buys   0.25
         uses   benefits ten-percent
         off    ten-percent, 1 use: 0.03 = 0.03
         due    0.22",
    );
    // Of all lines together: 0.015 is 0.02, and not three times 0.01.
    check(
        "holds  benefit ten-percent
         buys   3 x 0.05
         uses   benefits ten-percent
         off    ten-percent, 1 use: 0.02 = 0.01 + 0.01 + 0.00
         due    0.13",
    );
}

#[test]
fn service_is_used_and_takes_nothing_off() {
    check(
        "holds  benefit hem
         buys   30.00, 20.00
         uses   benefits hem
         off    hem, 1 use: 0.00 = 0.00 + 0.00
         due    50.00",
    );
    // One of its three uses; the next applies to the whole price.
    check(
        "holds  benefit hem 3, benefit ten-percent
         buys   30.00
         uses   benefits hem, ten-percent
         off    hem, 1 use: 0.00 = 0.00
         off    ten-percent, 1 use: 3.00 = 3.00
         due    27.00",
    );
}

#[test]
fn benefit_is_refused_rather_than_used_for_nothing() {
    // 0.004
    check(
        "holds  benefit ten-percent
         buys   0.04
         uses   benefits ten-percent
         refused ten-percent takes nothing off",
    );
    check(
        "holds  benefit free, benefit five-off
         buys   30.00
         uses   benefits free, five-off
         refused five-off takes nothing off",
    );
    check(
        "holds  benefit five-off
         buys   30.00 gift_card
         uses   benefits five-off
         refused five-off takes nothing off",
    );
    // Never issued; expired at this very instant; good for one millisecond more.
    check(
        "buys   30.00
         uses   benefits five-off
         refused only 0 uses of benefit five-off",
    );
    check(
        "holds  benefit five-off until 2026-06-15
         buys   30.00
         uses   benefits five-off
         refused only 0 uses of benefit five-off",
    );
    check(
        "holds  benefit five-off until 2026-06-15T00:00:00.001Z
         buys   30.00
         uses   benefits five-off
         off    five-off, 1 use: 5.00 = 5.00
         due    25.00",
    );
}
