//! Splitting amounts over lines so that the parts always sum to the whole.

use crate::amount::Minor;

/// Splits `whole` in proportion to `weights` by largest remainder, ties to the earlier one.
///
/// The parts sum to the whole exactly. Where the whole is no more than the sum of the weights, no
/// part is more than its weight. With no weight at all there is nothing to split by, and every
/// part is zero.
pub fn spread(whole: u64, weights: &[u64]) -> Vec<u64> {
    let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let exact = |weight: u64| u128::from(whole).checked_mul(u128::from(weight)).unwrap_or(0);
    let floor = |weight: u64| exact(weight).checked_div(total).unwrap_or(0);
    let rest = |weight: u64| exact(weight).checked_rem(total).unwrap_or(0);
    // A part is at most the whole, so it fits.
    let mut parts: Vec<u64> =
        weights.iter().map(|weight| u64::try_from(floor(*weight)).unwrap_or(whole)).collect();
    if total == 0 {
        return parts;
    }
    let given: u64 = parts.iter().sum();
    let mut by_rest: Vec<(usize, u128)> =
        weights.iter().map(|weight| rest(*weight)).enumerate().collect();
    by_rest.sort_by(|(a_place, a_rest), (b_place, b_rest)| {
        b_rest.cmp(a_rest).then(a_place.cmp(b_place))
    });
    let left = usize::try_from(whole.abs_diff(given)).unwrap_or(usize::MAX);
    for (place, _) in by_rest.into_iter().take(left) {
        if let Some(part) = parts.get_mut(place) {
            *part = part.saturating_add(1);
        }
    }
    parts
}

/// [`spread`] of money.
pub fn spread_minor(whole: Minor, weights: &[Minor]) -> Vec<Minor> {
    let weights: Vec<u64> = weights.iter().map(|weight| weight.get()).collect();
    let parts = spread(whole.get(), &weights).into_iter();
    // No part is more than the whole.
    parts.map(|part| Minor::try_from(part).unwrap_or(whole)).collect()
}

/// What goes back of `whole` when `part` of `of` does: `floor(whole × part ÷ of)`, so that nothing
/// takes nothing back and everything takes back exactly the whole. Nothing of nothing is nothing.
pub fn returned(whole: u64, part: Minor, of: Minor) -> u64 {
    u128::from(whole)
        .checked_mul(u128::from(part.get()))
        .and_then(|product| product.checked_div(u128::from(of.get())))
        .and_then(|returned| u64::try_from(returned).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(whole: u64, weights: &[u64], parts: &[u64]) {
        assert_eq!(spread(whole, weights), parts);
    }

    #[test]
    fn spread_gives_the_largest_remainders_the_rest() {
        check(1, &[100, 100, 100], &[1, 0, 0]);
        check(100, &[1, 1, 1], &[34, 33, 33]);
        check(5, &[0, 10, 0], &[0, 5, 0]);
        check(10, &[60, 25, 15], &[6, 3, 1]);
        check(0, &[1, 2], &[0, 0]);
        check(7, &[0, 0], &[0, 0]);
        check(7, &[], &[]);
        check(300, &[100, 200], &[100, 200]);
    }

    #[test]
    fn returned_rounds_down_and_ends_exactly() {
        let minor = |count| Minor::try_from(count).unwrap();
        for (whole, part, of, back) in [
            (10, 0, 3, 0),
            (10, 1, 3, 3),
            (10, 2, 3, 6),
            (10, 3, 3, 10),
            (0, 1, 3, 0),
            (0, 0, 0, 0),
        ] {
            assert_eq!(returned(whole, minor(part), minor(of)), back);
        }
    }

    proptest! {
        #[test]
        fn spread_sums_to_the_whole_and_stays_within_weights(
            weights in prop::collection::vec(0_u64..1 << 45, 1..20),
            share in 0_u64..=1000,
        ) {
            let total: u64 = weights.iter().sum();
            let whole = u64::try_from(u128::from(total) * u128::from(share) / 1000).unwrap();
            let parts = spread(whole, &weights);
            prop_assert_eq!(parts.iter().sum::<u64>(), whole);
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!(part <= weight);
            }
        }
    }
}
