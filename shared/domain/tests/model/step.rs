//! What may happen to a member, chosen so that boundaries are met often.

use proptest::prelude::*;
use proptest::sample::Index;
use scrip_domain::id::Handle;
use scrip_domain::program::ClawbackPolicy;

use crate::sample::named;

const HOUR_MILLIS: u32 = 3_600_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Definition {
    Spend,
    Coarse,
    Tier,
}

impl Definition {
    pub(crate) fn handle(self) -> Handle {
        named(match self {
            Self::Spend => "spend",
            Self::Coarse => "coarse",
            Self::Tier => "tier",
        })
    }

    /// The points of a step of money off, and the cents it is worth.
    pub(crate) fn step(self) -> (u64, u64) {
        match self {
            Self::Spend => (1, 1),
            Self::Coarse => (3, 100),
            Self::Tier => panic!("tier points are never redeemed"),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Wait(Wait),
    BirthMonth(u32),
    Buy(Buy),
    Give(Give),
    Adjust(Definition, i64),
    Spend(Spend),
    Capture(Index, Taken),
    Release(Index),
    ClawBack(Back),
}

/// Time moves on; on the way one of the two logs is settled at these thousandths.
#[derive(Debug, Clone)]
pub(crate) enum Wait {
    Millis(u32, Vec<u16>),
    /// To so many milliseconds before something lapses or expires.
    Due(i64, Vec<u16>),
    /// To so many milliseconds before something accrues.
    Accrual(i64, Vec<u16>),
}

#[derive(Debug, Clone)]
pub(crate) struct Buy {
    /// Cents of each line, and whether it earns double.
    pub(crate) lines: Vec<(u64, bool)>,
    /// How long ago it was.
    pub(crate) late_millis: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Give {
    pub(crate) definition: Definition,
    pub(crate) count: u64,
    pub(crate) accrue_in: Option<u32>,
    /// From accrual to expiry.
    pub(crate) life: Option<u32>,
}

#[derive(Debug, Clone)]
pub(crate) struct Spend {
    pub(crate) prices: (u64, u64),
    /// `None`: as many as possible.
    pub(crate) uses: Vec<(Definition, Option<u64>)>,
    pub(crate) hold_minutes: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Full,
    /// Of every line but one.
    Permille(u16),
}

#[derive(Debug, Clone)]
pub(crate) struct Back {
    /// Of what was issued.
    pub(crate) which: Index,
    pub(crate) permille: u16,
    policy: u8,
}

impl Back {
    pub(crate) fn policy(&self) -> ClawbackPolicy {
        match self.policy {
            0 => ClawbackPolicy::Debt,
            1 => ClawbackPolicy::Clamp,
            _ => ClawbackPolicy::Reject,
        }
    }
}

fn wait() -> impl Strategy<Value = Wait> {
    let stops = || prop::collection::vec(0_u16..=1000, 0..3);
    prop_oneof![
        (prop_oneof![Just(0), Just(1), 0..4 * HOUR_MILLIS, 0..100 * HOUR_MILLIS], stops())
            .prop_map(|(millis, stops)| Wait::Millis(millis, stops)),
        (0_i64..=1, stops()).prop_map(|(early, stops)| Wait::Due(early, stops)),
        (0_i64..=1, stops()).prop_map(|(early, stops)| Wait::Accrual(early, stops)),
    ]
}

fn buy() -> impl Strategy<Value = Buy> {
    let lines = prop::collection::vec((0_u64..3000, prop::arbitrary::any::<bool>()), 1..4);
    let late = prop_oneof![3 => Just(0), 1 => 0..300 * HOUR_MILLIS];
    (lines, late).prop_map(|(lines, late_millis)| Buy { lines, late_millis })
}

fn definition() -> impl Strategy<Value = Definition> {
    prop_oneof![
        3 => Just(Definition::Spend),
        2 => Just(Definition::Coarse),
        1 => Just(Definition::Tier),
    ]
}

/// Few different instants, so that lots meet.
fn delay() -> impl Strategy<Value = Option<u32>> {
    prop::option::of((0_u32..4).prop_map(|days| days * 24 * HOUR_MILLIS))
}

fn give() -> impl Strategy<Value = Give> {
    let parts = (definition(), 1_u64..200, delay(), delay());
    parts.prop_map(|(definition, count, accrue_in, life)| Give {
        definition,
        count,
        accrue_in,
        life,
    })
}

fn spend() -> impl Strategy<Value = Spend> {
    let count = || prop_oneof![3 => Just(None), 1 => (0_u64..60).prop_map(Some)];
    let uses = (count(), count(), 0_u8..4).prop_map(|(spend, coarse, order)| {
        let (spend, coarse) = ((Definition::Spend, spend), (Definition::Coarse, coarse));
        match order {
            0 => vec![spend],
            1 => vec![coarse],
            2 => vec![spend, coarse],
            _ => vec![coarse, spend],
        }
    });
    // Up to the longest hold: past the expiry of most lots.
    let minutes = prop::option::weighted(0.7, prop_oneof![1_u32..20, 1_u32..=7 * 24 * 60]);
    let parts = ((0_u64..300, 0_u64..100), uses, minutes);
    parts.prop_map(|(prices, uses, hold_minutes)| Spend { prices, uses, hold_minutes })
}

fn back() -> impl Strategy<Value = Back> {
    let parts = (prop::arbitrary::any::<Index>(), 1_u16..=1000, 0_u8..3);
    parts.prop_map(|(which, permille, policy)| Back { which, permille, policy })
}

/// Any step.
pub(crate) fn any() -> impl Strategy<Value = Step> {
    let taken = prop_oneof![Just(Taken::Full), (0_u16..=1000).prop_map(Taken::Permille)];
    prop_oneof![
        6 => wait().prop_map(Step::Wait),
        1 => (10_u32..=12).prop_map(Step::BirthMonth),
        3 => buy().prop_map(Step::Buy),
        3 => give().prop_map(Step::Give),
        1 => (definition(), prop_oneof![1_i64..100, -100_i64..0])
            .prop_map(|(definition, amount)| Step::Adjust(definition, amount)),
        4 => spend().prop_map(Step::Spend),
        2 => (prop::arbitrary::any::<Index>(), taken)
            .prop_map(|(which, taken)| Step::Capture(which, taken)),
        1 => prop::arbitrary::any::<Index>().prop_map(Step::Release),
        2 => back().prop_map(Step::ClawBack),
    ]
}
