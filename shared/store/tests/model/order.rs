//! Order markers: one receipt that is sent for several members.
//!
//! A redemption without a member is kept to one card by the same code.
//!
//! | step here | in the code |
//! |---|---|
//! | [`Step::Read`] | `apply.rs`, `attempt`: `newest` of the member's own log; its age counts from here |
//! | [`Step::LookUp`] | `look_up`, then the clock and `decide` |
//! | [`Step::Stamp`] | `marker.rs`, `claim`: `stamp`, if there is no marker or an older one of the same member |
//! | [`Step::LookAtOther`] | `claim`: `find_operation` in the log of the member that it names, and how old it is |
//! | [`Step::TakeOver`] | `claim`: `stamp`, if member and instant are still those that were read |
//! | [`Step::Append`] | `prepare_and_append`: no decision that is too old, then the put of the line |
//! | [`Step::Repeat`], [`Step::Arrive`] | a first stamp arrives twice, the second time late |
//! | [`Step::Stop`] | killed, or an answer is lost, or `contended`: the caller may begin again |
//!
//! Time is in ticks. A line may be written, and a repeated stamp arrive, up to [`Order::late`] ticks
//! after its caller read or sent: that stands for the age at which a decision is made again, and for
//! slow calls. [`Order::margin`] stands for the 15 minutes. Clocks may differ by [`Order::skew`].
//!
//! Left out: other lines of the members, which change neither the look-up nor the marker; what the
//! caller of a put is told (`append`).

use stateright::{Model, Property};

use crate::{bound, is_full, prove, refute};

type Tick = u8;

const ONE: &str = "an order feeds one member";
const TRUE: &str = "who is told that an order is another's is told the truth";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    None,
    /// The marker is stamped after the line.
    MarkerLast,
    /// A take-over does not ask whether the marker is as it was read.
    TakeOverAnyway,
    /// A take-over does not look into the log of the other.
    TakeOverBlindly,
    /// A marker that names the member already keeps its instant.
    NoRestamp,
    /// A stamp that was decided earlier, or arrives late, sets a younger one back.
    SetBack,
    /// A line is written however old its decision is.
    AnyAge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Marker {
    member: usize,
    since: Tick,
}

/// A decision: at which instant, and the last tick at which its line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Decided {
    now: Tick,
    until: Tick,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Idle,
    /// When, and whether its own log was empty.
    Read(Tick, bool),
    Decided(Decided),
    /// The marker names another.
    Other(Decided, Marker),
    /// Whose log has nothing, and whose marker is old.
    MayTakeOver(Decided, Marker),
    Stamped(Decided),
    /// It was recorded for this other member: final.
    Theirs(usize),
    /// It is recorded: final.
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    now: Tick,
    marker: Option<Marker>,
    /// Which members' logs have the order.
    fed: Vec<bool>,
    callers: Vec<At>,
    /// A stamp that may still arrive, until this tick.
    late: Option<(Marker, Tick)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Tick,
    Read(usize),
    /// With a clock that is so many ticks behind.
    LookUp(usize, Tick),
    Stamp(usize),
    LookAtOther(usize),
    TakeOver(usize),
    Append(usize),
    Repeat(usize),
    Arrive,
    Stop(usize),
}

#[derive(Clone, Debug)]
struct Order {
    mutant: Mutant,
    /// Whose each caller is.
    members: Vec<usize>,
    end: Tick,
    late: Tick,
    margin: Tick,
    skew: Tick,
}

impl Order {
    /// A stamp that is put if there is no marker, or an older one of the same member. A younger one
    /// of theirs is as good. Returns another's.
    fn stamp(&self, state: &mut State, marker: Marker) -> Option<Marker> {
        let found = state.marker;
        let may = match found {
            None => true,
            Some(found) if found.member != marker.member => return Some(found),
            Some(_) if self.mutant == Mutant::NoRestamp => false,
            Some(found) => found.since <= marker.since || self.mutant == Mutant::SetBack,
        };
        if may {
            state.marker = Some(marker);
        }
        None
    }

    fn append(&self, state: &mut State, caller: usize, decided: Decided) {
        let is_young = state.now <= decided.until || self.mutant == Mutant::AnyAge;
        let is_next = !state.fed[self.members[caller]];
        state.callers[caller] = if is_young && is_next {
            state.fed[self.members[caller]] = true;
            match self.mutant {
                Mutant::MarkerLast => At::Decided(decided),
                _ => At::Done,
            }
        } else {
            At::Idle
        };
    }

    fn steps_of(&self, state: &State, caller: usize, steps: &mut Vec<Step>) {
        match state.callers[caller] {
            At::Done | At::Theirs(_) => return,
            At::Idle => {
                steps.push(Step::Read(caller));
                return;
            }
            At::Read(..) => {
                steps.extend((0..=self.skew).map(|behind| Step::LookUp(caller, behind)));
            }
            At::Decided(_) => steps.push(Step::Stamp(caller)),
            At::Other(..) => steps.push(Step::LookAtOther(caller)),
            At::MayTakeOver(..) => steps.push(Step::TakeOver(caller)),
            At::Stamped(_) => {
                steps.push(Step::Append(caller));
                if state.late.is_none() {
                    steps.push(Step::Repeat(caller));
                }
            }
        }
        steps.push(Step::Stop(caller));
    }

    fn look_up(&self, state: &mut State, caller: usize, behind: Tick) {
        let At::Read(read, was_empty) = state.callers[caller] else { panic!("nothing was read") };
        let decided = Decided { now: state.now.saturating_sub(behind), until: read + self.late };
        // An empty log holds no operation, and is not asked.
        state.callers[caller] = match !was_empty && state.fed[self.members[caller]] {
            true => At::Done,
            false if self.mutant == Mutant::MarkerLast => At::Stamped(decided),
            false => At::Decided(decided),
        };
    }

    fn put_stamp(&self, state: &mut State, caller: usize, decided: Decided) {
        let member = self.members[caller];
        let other = self.stamp(state, Marker { member, since: decided.now });
        state.callers[caller] = match other {
            Some(marker) => At::Other(decided, marker),
            None if self.mutant == Mutant::MarkerLast => At::Done,
            None => At::Stamped(decided),
        };
    }

    fn look_at_other(&self, state: &mut State, caller: usize) {
        let At::Other(decided, marker) = state.callers[caller] else { panic!("no other") };
        let is_fed = state.fed[marker.member] && self.mutant != Mutant::TakeOverBlindly;
        state.callers[caller] = if is_fed {
            At::Theirs(marker.member)
        } else if decided.now < marker.since + self.margin {
            // Contended.
            At::Idle
        } else {
            At::MayTakeOver(decided, marker)
        };
    }

    fn take_over(&self, state: &mut State, caller: usize) {
        let At::MayTakeOver(decided, old) = state.callers[caller] else { panic!("not so far") };
        let is_unchanged = state.marker == Some(old) || self.mutant == Mutant::TakeOverAnyway;
        state.callers[caller] = if is_unchanged {
            state.marker = Some(Marker { member: self.members[caller], since: decided.now });
            At::Stamped(decided)
        } else {
            At::Idle
        };
    }
}

impl Model for Order {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let members = self.members.iter().max().map_or(0, |last| last + 1);
        let (fed, callers) = (vec![false; members], vec![At::Idle; self.members.len()]);
        vec![State { now: 0, marker: None, fed, callers, late: None }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.now < self.end {
            steps.push(Step::Tick);
        }
        if state.late.is_some() {
            steps.push(Step::Arrive);
        }
        for caller in 0..state.callers.len() {
            self.steps_of(state, caller, steps);
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = before.clone();
        match step {
            Step::Tick => {
                state.now += 1;
                state.late = state.late.filter(|(_, until)| state.now <= *until);
            }
            Step::Read(caller) => {
                state.callers[caller] = At::Read(state.now, !state.fed[self.members[caller]]);
            }
            Step::LookUp(caller, behind) => self.look_up(&mut state, caller, behind),
            Step::Stamp(caller) => {
                let At::Decided(decided) = state.callers[caller] else { return None };
                self.put_stamp(&mut state, caller, decided);
            }
            Step::LookAtOther(caller) => self.look_at_other(&mut state, caller),
            Step::TakeOver(caller) => self.take_over(&mut state, caller),
            Step::Append(caller) => {
                let At::Stamped(decided) = state.callers[caller] else { return None };
                self.append(&mut state, caller, decided);
            }
            Step::Repeat(caller) => {
                let At::Stamped(decided) = state.callers[caller] else { return None };
                let marker = Marker { member: self.members[caller], since: decided.now };
                state.late = Some((marker, state.now + self.late));
            }
            Step::Arrive => {
                let (marker, _) = state.late.take()?;
                self.stamp(&mut state, marker);
            }
            Step::Stop(caller) => state.callers[caller] = At::Idle,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE, |_: &Self, state: &State| {
                state.fed.iter().filter(|fed| **fed).count() <= 1
            }),
            Property::always(TRUE, |_: &Self, state: &State| {
                state.callers.iter().all(|caller| match caller {
                    At::Theirs(member) => state.fed[*member],
                    _ => true,
                })
            }),
            Property::sometimes("an old marker may be taken over", |_: &Self, state: &State| {
                state.callers.iter().any(|caller| matches!(caller, At::MayTakeOver(..)))
            }),
            Property::sometimes("the last caller's is recorded", |it: &Self, state: &State| {
                it.members.last().is_some_and(|member| state.fed[*member])
            }),
        ]
    }
}

fn order(members: &[usize]) -> Order {
    let (mutant, members) = (Mutant::None, members.to_vec());
    Order { mutant, members, end: bound(4, 6), late: 1, margin: 2, skew: 0 }
}

#[test]
fn order_feeds_one_member_whoever_stops_where() {
    prove("order, two members", order(&[0, 1]));
    prove("order, two members and skewed clocks", Order { skew: 1, margin: 3, ..order(&[0, 1]) });
    if is_full() {
        prove("order, one of two members twice", Order { end: 4, ..order(&[0, 0, 1]) });
        prove("order, three members", Order { end: 4, ..order(&[0, 1, 2]) });
    }
}

#[test]
fn order_feeds_two_when_a_rule_of_its_marker_is_broken() {
    for mutant in [
        Mutant::MarkerLast,
        Mutant::TakeOverAnyway,
        Mutant::TakeOverBlindly,
        Mutant::NoRestamp,
        Mutant::AnyAge,
    ] {
        println!("{mutant:?}");
        refute(ONE, Order { mutant, end: 4, ..order(&[0, 1]) });
    }
    // It takes another caller of the same member, whose stamp was held up.
    refute(ONE, Order { mutant: Mutant::SetBack, end: 3, ..order(&[0, 0, 1]) });
}

#[test]
fn order_feeds_two_when_the_margin_is_too_small() {
    for margin in [0, 1] {
        refute(ONE, Order { margin, end: 4, ..order(&[0, 1]) });
    }
    // Or clocks differ by as much as there is.
    refute(ONE, Order { skew: 1, end: 4, ..order(&[0, 1]) });
}
