//! What is done in a run, made from the seed alone. Each step is made by itself: those before it
//! can be left out.

use scrip_domain::wallet::Job;

use crate::simulate::dice::Dice;
use crate::simulate::kind::{Kind, WEIGHTS};
use crate::simulate::request::as_number;

/// Callers that are busy at once.
const LANES: u64 = 4;

/// One thing that somebody does.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Its place in the plan, which is its name.
    pub(crate) index: usize,
    pub(crate) member: u64,
    /// Which caller does it, after what the caller did before.
    pub(crate) lane: u64,
    /// How long the caller waits before it, in milliseconds.
    pub(crate) pause_ms: u64,
    pub(crate) act: Act,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A request over HTTP.
    Http(Kind),
    /// A batch of messages of the order queue.
    Queue,
    /// A scheduled job.
    Sweep(Job),
    /// The table's stream is published.
    Publish,
    /// Everybody waits until a later time.
    Jump(Jump),
}

/// How far time goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jump {
    /// To just before something happens by itself, exactly to it, or just after it.
    ToInstant,
    /// By so many milliseconds.
    By(u64),
}

/// The steps of a run.
pub(crate) fn steps(seed: u64, operations: usize, members: u64) -> Vec<Step> {
    (0..operations).map(|index| step(seed, index, members)).collect()
}

fn step(seed: u64, index: usize, members: u64) -> Step {
    let mut dice = Dice::of(&[seed, as_number(index)]);
    let act = match dice.below(100) {
        0..7 => Act::Jump(jump(&mut dice)),
        7..9 => Act::Sweep(Job::Expire),
        9..10 => Act::Sweep(Job::Revert),
        10..12 => Act::Publish,
        12..18 => Act::Queue,
        _ => Act::Http(*dice.weighted(&WEIGHTS).unwrap_or(&Kind::Balance)),
    };
    let longest = *dice.weighted(&[(60, 20), (30, 300), (8, 5_000), (2, 400_000)]).unwrap_or(&0);
    Step {
        index,
        member: dice.below(members),
        lane: dice.below(LANES),
        pause_ms: dice.below(longest),
        act,
    }
}

fn jump(dice: &mut Dice) -> Jump {
    const MINUTE_MILLIS: u64 = 60 * 1_000;
    let longest = match dice.below(10) {
        0..5 => return Jump::ToInstant,
        5..7 => 20 * MINUTE_MILLIS,
        7..9 => 6 * 60 * MINUTE_MILLIS,
        _ => 15 * 24 * 60 * MINUTE_MILLIS,
    };
    Jump::By(dice.below(longest))
}
