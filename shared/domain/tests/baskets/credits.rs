//! Credits: promotional, then store; what is due is paid by other means (DESIGN 5.9).

use crate::check;

#[test]
fn credits_pay_promotional_first_each_soonest_expiry_first() {
    // The store credit that expires in July pays after promotional credit that never does.
    check(
        "holds  credit store 10.00 as s-never, credit store 10.00 as s-july until 2026-07-01
         holds  credit welcome 10.00 as w-never, credit welcome 10.00 as w-august until 2026-08-01
         buys   35.00
         uses   credits max
         pays   w-august (promotional): 10.00
         pays   w-never (promotional): 10.00
         pays   s-july (store): 10.00
         pays   s-never (store): 5.00
         due    0.00",
    );
    // Of one expiry, or of none, the oldest first.
    check(
        "holds  credit store 10.00 as a, credit store 10.00 as b since 2026-05-01
         holds  credit store 10.00 as c until 2026-07-01
         holds  credit store 10.00 as d until 2026-07-01 since 2026-05-01
         buys   35.00
         uses   credits max
         pays   d (store): 10.00
         pays   c (store): 10.00
         pays   b (store): 10.00
         pays   a (store): 5.00
         due    0.00",
    );
    // A list says which, not in which order.
    check(
        "holds  credit store 10.00 as s-never, credit store 10.00 as s-july until 2026-07-01
         holds  credit welcome 10.00 as w-never, credit welcome 10.00 as w-august until 2026-08-01
         buys   28.00
         uses   credits s-never=max, s-july=4.00, w-never=max, w-august=max
         pays   w-august (promotional): 10.00
         pays   w-never (promotional): 10.00
         pays   s-july (store): 4.00
         pays   s-never (store): 4.00
         due    0.00",
    );
    // What is not in the list stays.
    check(
        "holds  credit store 10.00, credit welcome 10.00
         buys   28.00
         uses   credits store=max
         pays   store (store): 10.00
         due    18.00",
    );
}

#[test]
fn amount_of_credits_is_taken_exactly_or_refused() {
    check(
        "holds  credit welcome 15.00, credit store 50.00
         buys   60.00
         uses   credits 40.00
         pays   welcome (promotional): 15.00
         pays   store (store): 25.00
         due    20.00",
    );
    check(
        "holds  credit welcome 15.00, credit store 25.00
         buys   60.00
         uses   credits 40.01
         refused only 40.00 of all credits",
    );
    check(
        "holds  credit store 100.00
         buys   60.00
         uses   credits 60.01
         refused only 60.00 left for it to pay",
    );
    check(
        "holds  credit store 100.00
         buys   60.00
         uses   credits store=60.00
         pays   store (store): 60.00
         due    0.00",
    );
    // The first pays 15.00 of the 20.00, so 10.00 of the other is too much.
    check(
        "holds  credit welcome 15.00, credit store 50.00
         buys   20.00
         uses   credits store=10.00, welcome=max
         refused only 5.00 left for it to pay",
    );
    check(
        "holds  credit welcome 15.00 until 2026-06-15, credit store 50.00
         buys   20.00
         uses   credits welcome=15.00
         refused only 0.00 of credit welcome",
    );
}

#[test]
fn amount_of_all_credits_is_refused_with_what_all_could_pay() {
    check(
        "holds  credit store 50.00 as s1, credit store 50.00 as s2
         buys   60.00
         uses   credits 70.00
         refused only 60.00 left for it to pay",
    );
}

#[test]
fn credit_is_passed_over_where_what_is_due_is_not_for_it_to_pay() {
    check(
        "holds  credit welcome 20.00 as w1, credit welcome 20.00 as w2
         buys   10.00, 50.00 gift_card
         uses   credits max
         pays   w1 (promotional): 10.00
         due    50.00
         skips  w2: nothing_eligible",
    );
    check(
        "holds  credit welcome 20.00 as w1, credit welcome 20.00 as w2
         buys   10.00, 50.00 gift_card
         uses   credits 10.00
         pays   w1 (promotional): 10.00
         due    50.00",
    );
}

#[test]
fn plan_has_at_most_a_hundred_tenders() {
    let credits = (1..=101).map(|number| format!("credit store 1.00 as c{number:03}"));
    let holds = credits.collect::<Vec<_>>().join(", ");
    let row = |uses: &str, answer: &str| {
        check(&format!("holds  {holds}\n buys   200.00\n uses   {uses}\n {answer}"));
    };
    let pays = (1..=100).map(|number| format!("pays   c{number:03} (store): 1.00"));
    let pays = pays.collect::<Vec<_>>().join("\n ");
    row("credits max", &format!("{pays}\n due    100.00\n skips  c101: limit"));
    row("credits 100.01", "refused tenders of a redemption are limited to 100");
}

#[test]
fn plan_names_at_most_a_hundred_that_were_passed_over() {
    let ids: Vec<String> = (1..=101).map(|number| format!("c{number:03}")).collect();
    let dead = |id: &String| format!("credit store 1.00 as {id} until 2026-06-15");
    let holds = ids.iter().map(dead).collect::<Vec<_>>().join(", ");
    let uses = ids.iter().map(|id| format!("{id}=max")).collect::<Vec<_>>().join(", ");
    let skips = ids[..100].iter().map(|id| format!("skips  {id}: not_available"));
    let skips = skips.collect::<Vec<_>>().join("\n ");
    check(&format!("holds  {holds}\n buys   5.00\n uses   credits {uses}\n due    5.00\n {skips}"));
}

#[test]
fn amount_of_all_credits_is_refused_for_want_of_credit_before_it_is_for_what_is_due() {
    // Neither what there is nor what is due comes to 70.00.
    check(
        "holds  credit store 60.00 as s
         buys   50.00
         uses   credits 70.00
         refused only 60.00 of all credits",
    );
}
