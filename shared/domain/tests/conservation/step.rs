//! What may happen to a member who holds value of every kind, chosen so that boundaries are met
//! often.

use proptest::prelude::*;
use proptest::sample::Index;
use scrip_domain::asset::Kind;

const HOUR_MILLIS: u32 = 3_600_000;
const DAY_MILLIS: u32 = 24 * HOUR_MILLIS;

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Wait(Wait),
    Issue(Issue),
    /// So many points that live so long.
    Give(u64, Option<u32>),
    ClawBack(u64),
    Redeem(Redeem),
    Capture(Index, Part),
    Release(Index),
    Refund(Index, Part),
    Void(Index),
    /// So many milliseconds longer.
    Extend(Index, u32),
    Convert(u64),
    Transfer(u64),
    TransferRefund(Index, u64),
}

/// Time moves on; on the way one of the two logs is settled at these thousandths.
#[derive(Debug, Clone)]
pub(crate) enum Wait {
    Millis(u32, Vec<u16>),
    /// To so many milliseconds before something lapses or expires.
    Due(i64, Vec<u16>),
}

#[derive(Debug, Clone)]
pub(crate) struct Issue {
    pub(crate) kind: Kind,
    pub(crate) definition: &'static str,
    pub(crate) amount: u64,
    pub(crate) life: Option<u32>,
}

#[derive(Debug, Clone)]
pub(crate) struct Redeem {
    /// Cents of a product, a gift card, delivery and another product.
    pub(crate) prices: [u64; 4],
    /// Of the benefits that were ever issued.
    pub(crate) benefits: Vec<Index>,
    pub(crate) rewards: Money,
    pub(crate) points: Points,
    pub(crate) credits: Money,
    pub(crate) hold_minutes: Option<u32>,
}

/// How rewards or credits are used; indices are into those that were ever issued.
#[derive(Debug, Clone)]
pub(crate) enum Money {
    Nothing,
    Max,
    Exactly(u64),
    Each(Vec<(Index, Option<u64>)>),
}

/// How many points are used.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Points {
    Nothing,
    Max,
    /// So many steps of 7.
    Steps(u64),
}

/// Part of a redemption: all, so much of what is tendered or was paid, or so much of each line.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Full,
    Permille(u16),
    Lines([u16; 4]),
}

fn index() -> impl Strategy<Value = Index> {
    prop::arbitrary::any::<Index>()
}

/// Few different instants, so that lots meet.
fn life() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![
        2 => Just(None),
        3 => (1_u32..5).prop_map(|days| Some(days * DAY_MILLIS)),
        1 => (1_u32..DAY_MILLIS).prop_map(Some),
    ]
}

fn wait() -> impl Strategy<Value = Wait> {
    let stops = || prop::collection::vec(0_u16..=1000, 0..3);
    let millis = prop_oneof![Just(0), Just(1), 0..4 * HOUR_MILLIS, 0..60 * HOUR_MILLIS];
    prop_oneof![
        (millis, stops()).prop_map(|(millis, stops)| Wait::Millis(millis, stops)),
        (0_i64..=1, stops()).prop_map(|(early, stops)| Wait::Due(early, stops)),
    ]
}

fn issue() -> impl Strategy<Value = Issue> {
    let of = |kind, definition, most: u64| {
        (1..=most, life()).prop_map(move |(amount, life)| Issue { kind, definition, amount, life })
    };
    prop_oneof![
        of(Kind::Benefit, "percent", 3),
        of(Kind::Benefit, "amount", 2),
        of(Kind::Benefit, "hem", 2),
        of(Kind::Reward, "plain", 1500),
        of(Kind::Reward, "half", 1500),
        of(Kind::Credit, "promo", 1500),
        of(Kind::Credit, "store", 1500),
    ]
}

pub(crate) fn money() -> impl Strategy<Value = Money> {
    let wanted = prop::option::of(0_u64..400);
    prop_oneof![
        1 => Just(Money::Nothing),
        6 => Just(Money::Max),
        1 => (0_u64..600).prop_map(Money::Exactly),
        1 => prop::collection::vec((index(), wanted), 0..3).prop_map(Money::Each),
    ]
}

pub(crate) fn redeem() -> impl Strategy<Value = Redeem> {
    let price = || prop_oneof![1 => Just(0_u64), 6 => 1_u64..2500];
    // A service that touches no line never comes back, so there is always something to touch.
    let prices = (1_u64..2500, price(), price(), price());
    let prices = prices.prop_map(|(a, card, post, b)| [a, card, post, b]);
    let benefits = prop::collection::vec(index(), 0..3);
    let points = prop_oneof![
        2 => Just(Points::Nothing),
        2 => Just(Points::Max),
        1 => (0_u64..30).prop_map(Points::Steps),
    ];
    let minutes = prop::option::weighted(0.6, prop_oneof![1_u32..20, 1_u32..=7 * 24 * 60]);
    let parts = (prices, benefits, money(), points, money(), minutes);
    parts.prop_map(|(prices, benefits, rewards, points, credits, hold_minutes)| Redeem {
        prices,
        benefits,
        rewards,
        points,
        credits,
        hold_minutes,
    })
}

fn part() -> impl Strategy<Value = Part> {
    let permille = || prop_oneof![1 => Just(0_u16), 1 => Just(1000), 3 => 0_u16..=1000];
    prop_oneof![
        1 => Just(Part::Full),
        2 => permille().prop_map(Part::Permille),
        3 => [permille(), permille(), permille(), permille()].prop_map(Part::Lines),
    ]
}

/// Something to spend.
pub(crate) fn something() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => issue().prop_map(Step::Issue),
        1 => (1_u64..900, life()).prop_map(|(count, life)| Step::Give(count, life)),
    ]
}

/// Any step.
pub(crate) fn any() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => wait().prop_map(Step::Wait),
        8 => something(),
        1 => (1_u64..900).prop_map(Step::ClawBack),
        6 => redeem().prop_map(Step::Redeem),
        4 => (index(), part()).prop_map(|(which, part)| Step::Capture(which, part)),
        1 => index().prop_map(Step::Release),
        5 => (index(), part()).prop_map(|(which, part)| Step::Refund(which, part)),
        1 => index().prop_map(Step::Void),
        1 => (index(), 1..4 * DAY_MILLIS).prop_map(|(which, millis)| Step::Extend(which, millis)),
        1 => (1_u64..4).prop_map(|multiples| Step::Convert(multiples * 100)),
        1 => (1_u64..300).prop_map(Step::Transfer),
        1 => (index(), 1_u64..200).prop_map(|(which, count)| Step::TransferRefund(which, count)),
    ]
}
