//! What can go wrong between a function and DynamoDB, and with a function itself.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::simulate::dice::Dice;

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The request does not arrive, or DynamoDB fails before it does anything.
    Failed,
    /// The request is applied and its answer is lost: the connection breaks, or nothing is heard.
    Lost,
    /// The request is delivered a second time, after others.
    Late,
    /// DynamoDB refuses because there is too much to do.
    Throttled,
    /// DynamoDB says that a transaction is under way on the item, or this one still is.
    Conflict,
    /// The request arrives after the function has stopped waiting for it.
    Slow,
    /// The function is killed at a call, which arrives or not.
    Killed,
    /// The function stands still after a call, for one to twenty minutes.
    Frozen,
    /// Eventually consistent reads show what was there before.
    Stale,
    /// The clocks of the functions are up to two seconds apart.
    Skewed,
}

impl Fault {
    /// Every fault, in the order of the type.
    pub const ALL: [Self; 10] = [
        Self::Failed,
        Self::Lost,
        Self::Late,
        Self::Throttled,
        Self::Conflict,
        Self::Slow,
        Self::Killed,
        Self::Frozen,
        Self::Stale,
        Self::Skewed,
    ];

    /// Its name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::Late => "late",
            Self::Throttled => "throttled",
            Self::Conflict => "conflict",
            Self::Slow => "slow",
            Self::Killed => "killed",
            Self::Frozen => "frozen",
            Self::Stale => "stale",
            Self::Skewed => "skewed",
        }
    }
}

/// Which faults there are in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(BTreeSet<Fault>);

impl Faults {
    /// Every fault.
    pub fn all() -> Self {
        Self(Fault::ALL.into())
    }

    /// No fault.
    pub fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// Whether it is among them.
    pub fn has(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }

    /// Each of them.
    pub fn each(&self) -> impl Iterator<Item = Fault> + use<'_> {
        self.0.iter().copied()
    }

    /// The same without one.
    #[must_use]
    pub fn without(&self, fault: Fault) -> Self {
        Self(self.each().filter(|each| *each != fault).collect())
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let names: Vec<&str> = self.each().map(Fault::as_str).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => return Ok(Self::all()),
            "none" => return Ok(Self::none()),
            _ => {}
        }
        let names = text.split(',').map(|name| {
            let fault = Fault::ALL.into_iter().find(|fault| fault.as_str() == name);
            fault.ok_or_else(|| {
                let known: Vec<&str> = Fault::ALL.into_iter().map(Fault::as_str).collect();
                format!("{name} is none of all, none, {}", known.join(", "))
            })
        });
        names.collect::<Result<_, _>>().map(Self)
    }
}

/// How often something goes wrong in a run: some are calm, and some are storms.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    faults: Faults,
    /// Of a thousand calls, how many meet a fault.
    calls_per_mille: u64,
    /// Of a hundred invocations, how many are killed; as many again stand still.
    ended_percent: u64,
    /// How likely each fault of a call is beside the others.
    weights: Vec<(u64, Fault)>,
}

impl Weather {
    /// The weather of a run.
    pub(crate) fn of(seed: u64, faults: &Faults) -> Self {
        let mut dice = Dice::named(seed, "weather");
        let calls_per_mille = *dice.pick(&[10, 40, 100, 200]).unwrap_or(&0);
        let ended_percent = *dice.pick(&[1, 3, 8]).unwrap_or(&0);
        let of_calls = [
            Fault::Failed,
            Fault::Lost,
            Fault::Late,
            Fault::Throttled,
            Fault::Conflict,
            Fault::Slow,
        ];
        // Drawn for all, so that without one of them the others are as they were.
        let weights = of_calls.map(|fault| (dice.between(1, 5), fault)).to_vec();
        Self { faults: faults.clone(), calls_per_mille, ended_percent, weights }
    }

    /// Weather in which nothing happens.
    pub(crate) fn calm() -> Self {
        let faults = Faults::none();
        Self { faults, calls_per_mille: 0, ended_percent: 0, weights: Vec::new() }
    }

    /// Whether there is such a fault in the run at all.
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.has(fault)
    }

    /// What goes wrong with one call, if anything.
    pub(crate) fn of_call(&self, dice: &mut Dice) -> Option<Fault> {
        let happens = dice.below(1_000) < self.calls_per_mille;
        let fault = dice.weighted(&self.weights).copied();
        fault.filter(|fault| happens && self.has(*fault))
    }

    /// At which of its calls an invocation is killed or stands still, if it is.
    /// It has about `calls` of them.
    pub(crate) fn of_invocation(&self, dice: &mut Dice, calls: u64) -> Option<(Fault, u64)> {
        let happens = dice.percent(self.ended_percent.saturating_mul(2));
        let fault = if dice.percent(50) { Fault::Killed } else { Fault::Frozen };
        let call = dice.below(calls);
        (happens && self.has(fault)).then_some((fault, call))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_as_they_are_shown() {
        for faults in [Faults::all(), Faults::none(), Faults::all().without(Fault::Stale)] {
            assert_eq!(faults.to_string().parse(), Ok(faults));
        }
        assert_eq!("all".parse(), Ok(Faults::all()));
        assert_eq!("lost".parse::<Faults>().unwrap().each().collect::<Vec<_>>(), [Fault::Lost]);
        assert!("lost,found".parse::<Faults>().unwrap_err().starts_with("found is none of"));
    }

    #[test]
    fn weather_without_a_fault_leaves_the_others_where_they_were() {
        let seeds = 0..20_u64;
        for seed in seeds {
            let all = Weather::of(seed, &Faults::all());
            let some = Weather::of(seed, &Faults::all().without(Fault::Slow));
            for call in 0..200 {
                let with = all.of_call(&mut Dice::of(&[seed, call]));
                let without = some.of_call(&mut Dice::of(&[seed, call]));
                assert_eq!(with.filter(|fault| *fault != Fault::Slow), without);
            }
        }
    }
}
