//! Exactly once: callers who append to one log, and whose answers are lost.
//!
//! | step here | in the code |
//! |---|---|
//! | [`Step::Read`] | `apply.rs`, `attempt`: `newest` |
//! | [`Step::LookUp`] | `look_up`: the index, consistently; where the request is about an operation that its name begins with, one query for both. An empty log is not asked |
//! | [`Step::ReadAbout`] | `newest_about`: of another operation at first from an index that may be behind |
//! | [`Step::ReadAboutAgain`] | the same, consistently, when nothing would be appended |
//! | [`Step::Put`] | `append.rs`, `append`: the put of line `n + 1`, and what came of it: [`Fate`] |
//! | [`Fate::Followed`] | `apply.rs`, `run`: what was in its place is decided on, and nothing read |
//! | [`Step::Arrive`] | a put arrives of which nobody expects anything any more |
//! | [`Step::LastRead`], [`Step::LastLook`] | `last_look`, after the last try, and before anybody who sent a put unheard is refused |
//! | [`Step::Stop`] | the caller is killed, or its answer is lost |
//! | [`Step::Lapse`] | time passes: what was there to spend expires, so deciding again may refuse |
//!
//! A caller who was told something, or nothing, may send the same request again: the second time
//! counts as another caller.
//!
//! Amounts are what a test needs: an opening line leaves one unit that lapses, a spend takes one, a
//! refund gives one back unless the line it is decided on says that it is back already.
//!
//! Left out: reads that fail, after which a caller begins again and is told that the store did not
//! answer; markers (`order`, `due`); the age of a decision, which only they rely on; lines in
//! several logs, which are one write (`card`); pauses. That numbers are contiguous is built in: a
//! line is put at the number after the one that was read. What a line costs, says and hashes is not
//! here; [`CHAINED`] stands for the chain of hashes.

mod checks;
mod state;

use std::collections::BTreeSet;

use state::{Ask, At, Caller, Line, OPENING_SPENT, Request, State, Told};
use stateright::{Model, Property};

const ONCE: &str = "an operation is applied at most once";
const KEPT: &str = "what was answered is in the log, and says the same";
const TRUE: &str = "who was told that nothing was written has written nothing";
const CHAINED: &str = "every line follows from the one before";
const BACK_ONCE: &str = "a refund gives back once";
const SEEN: &str = "a redemption that was there is not denied";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    None,
    /// The operation is looked up before the newest line is read.
    ReadsSwapped,
    /// A line is put whether or not there is one.
    PutAnyway,
    /// A refund is decided on an index that may be behind.
    AboutEventually,
    /// Nothing is read again before a purchase is refused for what was not seen.
    RefuseUnseen,
    /// A refusal is told after a put of which nothing was heard, and nothing looked up.
    ForgetUnheard,
    /// After a last look a refusal is told although the line of that put is not there.
    LookOnly,
    /// A line of the same name is answered whatever was asked.
    AnyRequest,
    /// The SDK sends the put of a line again by itself.
    Resend,
    /// A line that was found in the place of a put is not looked at for the operation's name.
    FollowBlindly,
}

/// What becomes of a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is decided, and the answer arrives.
    Heard,
    /// Another line is in its place, and is followed up at once.
    Followed,
    /// It is decided, and the answer is lost.
    Unheard,
    /// It never arrives.
    Lost,
    /// It arrives later, if at all.
    Late,
    /// It meets a transaction on the same line, and is turned away.
    Conflict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Lapse,
    Read(usize),
    LookUp(usize),
    /// Through an index that holds so many lines.
    ReadAbout(usize, usize),
    ReadAboutAgain(usize),
    Put(usize, Fate),
    /// A mutant's SDK hears nothing in time, and sends again.
    SendAgain(usize),
    Arrive(usize),
    LastRead(usize),
    LastLook(usize),
    Stop(usize),
}

#[derive(Clone, Debug)]
struct Append {
    mutant: Mutant,
    /// One caller each.
    requests: Vec<Request>,
    opening: Vec<Line>,
    sends_max: usize,
    tries_max: u8,
    flight_max: usize,
}

impl Append {
    /// What the line after `newest` would say; `None` when it is refused.
    fn decide(&self, state: &State, caller: usize, newest: usize, about: usize) -> Option<Line> {
        let request = self.requests[caller];
        let log = |number: usize| number.checked_sub(1).map(|place| state.log[place]);
        let (mut lapsing, mut lasting) =
            log(newest).map_or((0, 0), |line| (line.lapsing, line.lasting));
        if state.is_late {
            lapsing = 0;
        }
        let mut gives_back = false;
        let mut is_back = false;
        match request.ask {
            Ask::Award => lasting += 1,
            Ask::Spend if 0 < lapsing => lapsing -= 1,
            Ask::Spend => lasting = lasting.checked_sub(1)?,
            Ask::Refund => {
                gives_back = !log(about)?.is_back;
                is_back = true;
                lasting += u8::from(gives_back);
            }
            Ask::Purchase => drop(log(about)?),
        }
        let by = (caller, state.callers[caller].told.len());
        let (request, is_late) = (Some(request), state.is_late);
        Some(Line { request, by, lapsing, lasting, is_late, gives_back, is_back })
    }

    /// The newest line under the redemption, of the first so many: `operations_under`.
    fn about(state: &State, lines: usize) -> usize {
        let is_about = |line: &Line| match line.request {
            None => line.by == OPENING_SPENT,
            Some(request) => matches!(request.ask, Ask::Spend | Ask::Refund),
        };
        state.log[..lines].iter().rposition(is_about).map_or(0, |place| place + 1)
    }

    /// The number of the line of the request's name: `find_operation`.
    fn find(&self, state: &State, caller: usize) -> Option<usize> {
        let name = Some(self.requests[caller].name);
        let has_name = |line: &Line| line.request.map(|request| request.name) == name;
        state.log.iter().rposition(has_name).map(|place| place + 1)
    }

    fn tell(state: &mut State, caller: usize, told: Told) {
        let caller = &mut state.callers[caller];
        caller.told.push(told);
        (caller.at, caller.tries, caller.unheard, caller.saw) = (At::Idle, 0, None, false);
    }

    /// `Setback::Final`: when a put may be on its way, only after a last look.
    fn tell_nothing_written(&self, state: &mut State, caller: usize) {
        if state.callers[caller].unheard.is_none() || self.mutant == Mutant::ForgetUnheard {
            Self::tell(state, caller, Told::NothingWritten);
        } else {
            state.callers[caller].at = At::LastRead;
        }
    }

    /// `last_look`: what was sent cannot arrive any more when its line is there.
    fn look_last(&self, state: &mut State, caller: usize, newest: usize) {
        let is_same = |number: usize| state.log[number - 1].request == Some(self.requests[caller]);
        let is_open = state.callers[caller].unheard.is_some_and(|line| newest < line)
            && self.mutant != Mutant::LookOnly;
        let told = match self.find(state, caller) {
            Some(number) if is_same(number) => Told::Line(number),
            None if is_open => Told::Unknown,
            Some(_) | None => Told::NothingWritten,
        };
        Self::tell(state, caller, told);
    }

    /// `replay`: answers from the line that was found.
    fn replay(&self, state: &mut State, caller: usize, number: usize) {
        let is_same = state.log[number - 1].request == Some(self.requests[caller]);
        if is_same || self.mutant == Mutant::AnyRequest {
            Self::tell(state, caller, Told::Line(number));
        } else {
            self.tell_nothing_written(state, caller);
        }
    }

    /// Decides on what was read, or reads more.
    fn go_on(&self, state: &mut State, caller: usize, newest: usize) {
        match self.requests[caller].ask {
            Ask::Purchase => state.callers[caller].at = At::About(newest),
            Ask::Refund if self.mutant == Mutant::AboutEventually => {
                state.callers[caller].at = At::About(newest);
            }
            _ => {
                let about = Self::about(state, state.log.len());
                self.conclude(state, caller, newest, about);
            }
        }
    }

    fn conclude(&self, state: &mut State, caller: usize, newest: usize, about: usize) {
        if let Some(line) = self.decide(state, caller, newest, about) {
            state.callers[caller].at = At::Put(newest + 1, line);
        } else {
            state.callers[caller].was_denied |= state.callers[caller].saw;
            self.tell_nothing_written(state, caller);
        }
    }

    fn look_up(&self, state: &mut State, caller: usize) {
        let found = self.find(state, caller);
        match state.callers[caller].at {
            At::Read(newest) => match found {
                Some(number) => self.replay(state, caller, number),
                None => self.go_on(state, caller, newest),
            },
            At::LastLook(newest) => self.look_last(state, caller, newest),
            _ => state.callers[caller].at = At::LookedUp(found),
        }
    }

    fn read(&self, state: &mut State, caller: usize) {
        let newest = state.log.len();
        if let At::LookedUp(found) = state.callers[caller].at {
            return match found {
                Some(number) => self.replay(state, caller, number),
                None => self.go_on(state, caller, newest),
            };
        }
        if newest == 0 {
            return self.go_on(state, caller, newest);
        }
        state.callers[caller].at = At::Read(newest);
    }

    /// Whether the line is there now.
    fn land(&self, state: &mut State, number: usize, line: Line) -> bool {
        if number == state.log.len() + 1 {
            state.log.push(line);
        } else if self.mutant == Mutant::PutAnyway {
            state.log[number - 1] = line;
        } else {
            return false;
        }
        // Whatever else would take this place never will.
        let beaten = |(other, _): &(usize, Line)| *other != number;
        if self.mutant != Mutant::PutAnyway {
            state.flight.retain(beaten);
        }
        true
    }

    /// Keeps a put that arrives later, unless its place is taken: then it never will.
    fn delay(&self, state: &mut State, number: usize, line: Line) {
        if state.log.len() < number || self.mutant == Mutant::PutAnyway {
            state.flight.push((number, line));
            state.flight.sort_unstable_by_key(|(number, line)| (*number, line.by));
        }
    }

    fn put(&self, state: &mut State, caller: usize, fate: Fate) {
        let At::Put(number, line) = state.callers[caller].at else { panic!("nothing to put") };
        match fate {
            Fate::Heard if self.land(state, number, line) => {
                return Self::tell(state, caller, Told::Line(number));
            }
            Fate::Heard | Fate::Followed | Fate::Conflict => {}
            Fate::Unheard => {
                self.land(state, number, line);
                state.callers[caller].unheard = Some(number);
            }
            Fate::Lost => state.callers[caller].unheard = Some(number),
            Fate::Late => {
                self.delay(state, number, line);
                state.callers[caller].unheard = Some(number);
            }
        }
        let it = &mut state.callers[caller];
        it.tries += 1;
        if it.tries == self.tries_max {
            it.at = At::LastRead;
        } else if fate == Fate::Followed {
            self.follow(state, caller, number);
        } else {
            it.at = At::Idle;
        }
    }

    /// Goes on from the line that a put found in its place: all before it were looked up.
    fn follow(&self, state: &mut State, caller: usize, number: usize) {
        let name = state.log[number - 1].request.map(|request| request.name);
        if name == Some(self.requests[caller].name) && self.mutant != Mutant::FollowBlindly {
            self.replay(state, caller, number);
        } else {
            self.go_on(state, caller, number);
        }
    }

    /// Of the redemption in the opening, or of the first caller.
    fn has_redemption(state: &State) -> bool {
        0 < Self::about(state, state.log.len())
    }

    /// Of the put of a line with this number.
    fn fates(&self, state: &State, caller: usize, number: usize) -> Vec<Fate> {
        let mut fates = vec![Fate::Heard, Fate::Unheard, Fate::Lost, Fate::Conflict];
        let is_about = matches!(self.requests[caller].ask, Ask::Refund | Ask::Purchase);
        if number <= state.log.len() && !is_about {
            fates.push(Fate::Followed);
        }
        if state.flight.len() < self.flight_max {
            fates.push(Fate::Late);
        }
        fates
    }

    fn steps_of(&self, state: &State, caller: usize, steps: &mut Vec<Step>) {
        let it = &state.callers[caller];
        let swapped = self.mutant == Mutant::ReadsSwapped;
        match it.at {
            At::Idle if self.sends_max <= it.told.len() => return,
            At::Idle if swapped => steps.push(Step::LookUp(caller)),
            At::Idle | At::LookedUp(_) => steps.push(Step::Read(caller)),
            At::Read(_) => steps.push(Step::LookUp(caller)),
            At::About(_) => {
                steps.extend((0..=state.log.len()).map(|lines| Step::ReadAbout(caller, lines)));
            }
            At::AboutAgain(_) => steps.push(Step::ReadAboutAgain(caller)),
            At::Put(number, _) => {
                let fates = self.fates(state, caller, number);
                steps.extend(fates.into_iter().map(|fate| Step::Put(caller, fate)));
                if self.mutant == Mutant::Resend && state.flight.len() < self.flight_max {
                    steps.push(Step::SendAgain(caller));
                }
            }
            At::LastRead => steps.push(Step::LastRead(caller)),
            At::LastLook(_) => steps.push(Step::LastLook(caller)),
        }
        if it.at != At::Idle || 0 < it.tries {
            steps.push(Step::Stop(caller));
        }
    }

    fn is_kept(&self, state: &State) -> bool {
        state.callers.iter().zip(&self.requests).all(|(caller, request)| {
            caller.told.iter().all(|told| match told {
                Told::Line(number) => state.log[number - 1].request == Some(*request),
                Told::NothingWritten | Told::Unknown => true,
            })
        })
    }
}

impl Model for Append {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let caller = Caller {
            at: At::Idle,
            tries: 0,
            unheard: None,
            saw: false,
            was_denied: false,
            told: Vec::new(),
        };
        let callers = vec![caller; self.requests.len()];
        vec![State { is_late: false, log: self.opening.clone(), flight: Vec::new(), callers }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if !state.is_late {
            steps.push(Step::Lapse);
        }
        steps.extend((0..state.flight.len()).map(Step::Arrive));
        for caller in 0..state.callers.len() {
            self.steps_of(state, caller, steps);
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = before.clone();
        match step {
            Step::Lapse => state.is_late = true,
            Step::Read(caller) => {
                let it = &state.callers[caller];
                let names = self.requests[caller].ask == Ask::Purchase;
                if it.tries == 0 && names {
                    state.callers[caller].saw = Self::has_redemption(&state);
                }
                self.read(&mut state, caller);
            }
            Step::LookUp(caller) | Step::LastLook(caller) => self.look_up(&mut state, caller),
            Step::ReadAbout(caller, lines) => {
                let At::About(newest) = state.callers[caller].at else { return None };
                let about = Self::about(&state, lines);
                let appends = self.decide(&state, caller, newest, about).is_some();
                if appends || self.mutant == Mutant::RefuseUnseen {
                    self.conclude(&mut state, caller, newest, about);
                } else {
                    state.callers[caller].at = At::AboutAgain(newest);
                }
            }
            Step::ReadAboutAgain(caller) => {
                let At::AboutAgain(newest) = state.callers[caller].at else { return None };
                let about = Self::about(&state, state.log.len());
                self.conclude(&mut state, caller, newest, about);
            }
            Step::Put(caller, fate) => self.put(&mut state, caller, fate),
            Step::SendAgain(caller) => {
                let At::Put(number, line) = state.callers[caller].at else { return None };
                self.delay(&mut state, number, line);
            }
            Step::Arrive(place) => {
                let (number, line) = state.flight.remove(place);
                self.land(&mut state, number, line);
            }
            Step::LastRead(caller) => state.callers[caller].at = At::LastLook(state.log.len()),
            Step::Stop(caller) => Self::tell(&mut state, caller, Told::Unknown),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONCE, |_: &Self, state: &State| {
                let names = state.log.iter().filter_map(|line| line.request);
                let mut seen = BTreeSet::new();
                names.map(|request| request.name).all(|name| seen.insert(name))
            }),
            Property::always(KEPT, Self::is_kept),
            Property::always(TRUE, |_: &Self, state: &State| state.is_told_truly()),
            Property::always(CHAINED, |_: &Self, state: &State| state.is_chained()),
            Property::always(BACK_ONCE, |_: &Self, state: &State| {
                state.log.iter().filter(|line| line.gives_back).count() <= 1
            }),
            Property::always(SEEN, |_: &Self, state: &State| {
                state.callers.iter().all(|caller| !caller.was_denied)
            }),
            Property::sometimes("a late put arrives", |_: &Self, state: &State| {
                let is_unknown = |line: &Line| {
                    let of = state.callers.get(line.by.0);
                    of.is_some_and(|caller| caller.told.get(line.by.1) == Some(&Told::Unknown))
                };
                state.log.iter().any(is_unknown)
            }),
        ]
    }
}
