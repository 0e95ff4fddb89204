//! Numbers from the seed.
//!
//! Each number is a function of the seed and of what it is for, such as the third call of the
//! second attempt of step 17. So a step that is left out changes nothing about the others, and a
//! history that fails can be made smaller.

use std::hash::Hasher;

/// Draws numbers for one purpose.
#[derive(Debug, Clone)]
pub(crate) struct Dice(fastrand::Rng);

impl Dice {
    /// The dice for a purpose: the seed, and then what it is for.
    pub(crate) fn of(purpose: &[u64]) -> Self {
        let mixed = purpose.iter().fold(0x5c21_9d1e_u64, |state, part| {
            // Of a generator of good numbers: neighbours lead far apart.
            fastrand::Rng::with_seed(state.rotate_left(17) ^ *part).u64(..)
        });
        Self(fastrand::Rng::with_seed(mixed))
    }

    /// The dice for a name under a seed.
    pub(crate) fn named(seed: u64, name: &str) -> Self {
        // The same in every process: it has no keys of its own.
        let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
        hasher.write(name.as_bytes());
        Self::of(&[seed, hasher.finish()])
    }

    /// 0 up to, and without, `end`; 0 when that is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.0.u64(..end) }
    }

    /// `first` to `last`, both possible.
    pub(crate) fn between(&mut self, first: u64, last: u64) -> u64 {
        self.0.u64(first..=last.max(first))
    }

    /// True in so many of a hundred draws.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Any of 64 bits.
    pub(crate) fn any(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// One of several; `None` of none.
    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let place = self.below(u64::try_from(all.len()).unwrap_or(0));
        all.get(usize::try_from(place).unwrap_or(0))
    }

    /// One of several by their weights; `None` when all are 0.
    pub(crate) fn weighted<'a, T>(&mut self, all: &'a [(u64, T)]) -> Option<&'a T> {
        let total = all.iter().fold(0_u64, |sum, (weight, _)| sum.saturating_add(*weight));
        let mut left = self.below(total);
        all.iter().find_map(|(weight, each)| {
            let is_it = left < *weight;
            left = left.saturating_sub(*weight);
            is_it.then_some(each)
        })
    }
}

/// The hash of Fowler, Noll and Vo.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_for_one_purpose_always_fall_alike_and_for_another_otherwise() {
        let draw = |purpose: &[u64]| Dice::of(purpose).any();
        assert_eq!(draw(&[1, 2, 3]), draw(&[1, 2, 3]));
        let others: [&[u64]; 5] = [&[1, 2, 4], &[1, 3, 3], &[2, 2, 3], &[1, 2], &[2, 1, 3]];
        for other in others {
            assert_ne!(draw(&[1, 2, 3]), draw(other), "{other:?}");
        }
        assert_eq!(Dice::named(7, "a").any(), Dice::named(7, "a").any());
        assert_ne!(Dice::named(7, "a").any(), Dice::named(7, "b").any());
    }

    #[test]
    fn weights_are_kept_and_nothing_is_picked_of_nothing() {
        let mut dice = Dice::of(&[1]);
        let all = [(0, "never"), (1, "seldom"), (9, "often")];
        let drawn: Vec<&str> = (0..1_000).map(|_| *dice.weighted(&all).expect("weights")).collect();
        let count = |name| drawn.iter().filter(|each| **each == name).count();
        assert_eq!(count("never"), 0);
        assert!((50..200).contains(&count("seldom")), "{}", count("seldom"));
        assert_eq!(dice.weighted(&[(0, ())]), None);
        assert_eq!(dice.pick::<()>(&[]), None);
    }
}
