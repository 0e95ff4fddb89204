//! When a rate or multiplier applies.

use crate::facts::Country;
use crate::id::{Handle, Label};
use crate::time::Instant;

/// Conditions on a purchase and a line of it. All that are given must hold; of a list, any one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    /// Purchases made at or after this instant.
    pub from: Option<Instant>,
    /// Purchases made before this instant.
    pub until: Option<Instant>,
    /// Purchases made at one of these; any when empty.
    pub location: Vec<Label>,
    /// Purchases made in one of these; any when empty.
    pub country: Vec<Country>,
    /// Lines of one of these; any when empty.
    pub category: Vec<Label>,
    /// Members of one of these levels; any when empty.
    pub tier: Vec<Handle>,
    /// Only in the month of the member's birthday.
    pub birth_month: bool,
}

/// What conditions are judged by: one line of one purchase.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// When the purchase was made.
    pub transacted_at: Instant,
    /// Where it was made.
    pub location: Option<&'a Label>,
    /// The purchase's country, or else the member's.
    pub country: Option<Country>,
    /// Of the line.
    pub category: Option<&'a Label>,
    /// The member's level before the purchase.
    pub tier: Option<&'a Handle>,
    /// Whether the purchase was made in the month of the member's birthday.
    pub birth_month: bool,
}

impl Conditions {
    /// Whether all hold.
    pub fn hold(&self, at: &Circumstances<'_>) -> bool {
        self.from.is_none_or(|from| from <= at.transacted_at)
            && self.until.is_none_or(|until| at.transacted_at < until)
            && any(&self.location, at.location)
            && any(&self.country, at.country.as_ref())
            && any(&self.category, at.category)
            && any(&self.tier, at.tier)
            && (!self.birth_month || at.birth_month)
    }

    /// How many kinds of condition are given; a window counts once.
    pub fn specificity(&self) -> usize {
        let given = [
            self.from.is_some() || self.until.is_some(),
            !self.location.is_empty(),
            !self.country.is_empty(),
            !self.category.is_empty(),
            !self.tier.is_empty(),
            self.birth_month,
        ];
        given.into_iter().filter(|given| *given).count()
    }
}

fn any<T: PartialEq>(wanted: &[T], actual: Option<&T>) -> bool {
    wanted.is_empty() || actual.is_some_and(|actual| wanted.contains(actual))
}
