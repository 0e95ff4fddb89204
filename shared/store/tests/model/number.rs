//! Card numbers: a card that is bought is issued under one number, however often it is asked for.
//!
//! | step here | in the code |
//! |---|---|
//! | [`Step::Keep`] | `gift-card/issue.rs`, `first_draw`; `purchased.rs`, `keep_drawn`, if nothing is kept |
//! | [`Step::Read`] | `apply.rs`: `newest` of the log of the number, and `look_up` when it is not empty; `card/issue.rs` decides that a number with a card is taken |
//! | [`Step::Put`] | `append.rs`: the first line of that log |
//! | [`Step::KeepAnother`] | `issue.rs`: another number is drawn; `keep_drawn`, if what is kept is the one that is taken |
//! | [`Step::Arrive`] | a put arrives of which nothing was heard |
//! | [`Step::Stop`] | killed, or an answer is lost; the caller may begin again |
//!
//! Left out: later lines of a card, which leave its number taken; the PIN; how many are drawn.

use stateright::{Model, Property};

use crate::{bound, prove, refute};

const ONE: &str = "a card has one number";
const SAME: &str = "what is kept is the number that was issued";
const TOLD: &str = "who is told a number is told that of the card";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    None,
    /// What was drawn is kept, whatever was before.
    KeepAnyway,
    /// Another number is kept, whatever was before.
    KeepAnotherAnyway,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Idle,
    /// This number is kept.
    Kept(usize),
    /// Its log was empty.
    Put(usize),
    /// Its log belongs to another card.
    Taken(usize),
    /// It was told this number.
    Told(usize),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// By card: the number that is kept.
    kept: Vec<Option<usize>>,
    /// By number: whose card the log is.
    logs: Vec<Option<usize>>,
    callers: Vec<At>,
    /// A put that may still arrive: the number and the card.
    flight: Option<(usize, usize)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Keep(usize, usize),
    Read(usize),
    Put(usize),
    /// It arrives later, if at all.
    PutLate(usize),
    KeepAnother(usize, usize),
    Arrive,
    Stop(usize),
}

#[derive(Clone, Debug)]
struct Numbers {
    mutant: Mutant,
    /// Which card each caller asks for.
    cards: Vec<usize>,
    /// How many numbers there are to draw from.
    choice: usize,
}

impl Numbers {
    fn keep(&self, state: &mut State, caller: usize, number: usize) {
        let kept = &mut state.kept[self.cards[caller]];
        if kept.is_none() || self.mutant == Mutant::KeepAnyway {
            *kept = Some(number);
        }
        state.callers[caller] = kept.map_or(At::Idle, At::Kept);
    }

    fn keep_another(&self, state: &mut State, caller: usize, number: usize) {
        let At::Taken(taken) = state.callers[caller] else { panic!("nothing is taken") };
        let kept = &mut state.kept[self.cards[caller]];
        if *kept == Some(taken) || self.mutant == Mutant::KeepAnotherAnyway {
            *kept = Some(number);
        }
        state.callers[caller] = kept.map_or(At::Idle, At::Kept);
    }

    fn read(&self, state: &mut State, caller: usize) {
        let At::Kept(number) = state.callers[caller] else { panic!("nothing is kept") };
        state.callers[caller] = match state.logs[number] {
            None => At::Put(number),
            Some(card) if card == self.cards[caller] => At::Told(number),
            Some(_) => At::Taken(number),
        };
    }

    fn put(&self, state: &mut State, caller: usize) {
        let At::Put(number) = state.callers[caller] else { panic!("nothing to put") };
        state.callers[caller] = if state.logs[number].is_none() {
            state.logs[number] = Some(self.cards[caller]);
            At::Told(number)
        } else {
            At::Kept(number)
        };
    }
}

impl Model for Numbers {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let cards = self.cards.iter().max().map_or(0, |last| last + 1);
        vec![State {
            kept: vec![None; cards],
            logs: vec![None; self.choice],
            callers: vec![At::Idle; self.cards.len()],
            flight: None,
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.flight.is_some() {
            steps.push(Step::Arrive);
        }
        for (caller, at) in state.callers.iter().enumerate() {
            let numbers = 0..self.choice;
            match at {
                At::Idle => steps.extend(numbers.map(|number| Step::Keep(caller, number))),
                At::Kept(_) => steps.push(Step::Read(caller)),
                At::Put(_) => steps.extend([Step::Put(caller), Step::PutLate(caller)]),
                At::Taken(_) => {
                    steps.extend(numbers.map(|number| Step::KeepAnother(caller, number)));
                }
                At::Told(_) => {}
            }
            if *at != At::Idle {
                steps.push(Step::Stop(caller));
            }
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = before.clone();
        match step {
            Step::Keep(caller, number) => self.keep(&mut state, caller, number),
            Step::Read(caller) => self.read(&mut state, caller),
            Step::Put(caller) => self.put(&mut state, caller),
            Step::PutLate(caller) => {
                let At::Put(number) = state.callers[caller] else { return None };
                state.flight = Some((number, self.cards[caller]));
                state.callers[caller] = At::Kept(number);
            }
            Step::KeepAnother(caller, number) => self.keep_another(&mut state, caller, number),
            Step::Arrive => {
                let (number, card) = state.flight.take()?;
                state.logs[number] = state.logs[number].or(Some(card));
            }
            Step::Stop(caller) => state.callers[caller] = At::Idle,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE, |_: &Self, state: &State| {
                let logs = |card| state.logs.iter().filter(move |log| **log == Some(card)).count();
                (0..state.kept.len()).all(|card| logs(card) <= 1)
            }),
            Property::always(SAME, |_: &Self, state: &State| {
                let mut logs = state.logs.iter().enumerate();
                logs.all(|(number, log)| log.is_none_or(|card| state.kept[card] == Some(number)))
            }),
            Property::always(TOLD, |it: &Self, state: &State| {
                let mut callers = state.callers.iter().zip(&it.cards);
                callers.all(|(at, card)| match at {
                    At::Told(number) => state.logs[*number] == Some(*card),
                    _ => true,
                })
            }),
            Property::sometimes("another number is drawn", |_: &Self, state: &State| {
                state.callers.iter().any(|at| matches!(at, At::Taken(_)))
            }),
        ]
    }
}

/// Two callers who ask for one card, and one who asks for another.
fn numbers() -> Numbers {
    Numbers { mutant: Mutant::None, cards: vec![0, 0, 1], choice: bound(2, 3) }
}

#[test]
fn card_is_issued_under_one_number() {
    prove("number, one of two cards twice", numbers());
    prove(
        "number, both twice",
        Numbers { cards: bound(vec![0, 1], vec![0, 0, 1, 1]), ..numbers() },
    );
}

#[test]
fn card_is_issued_twice_when_what_is_kept_is_not_asked_for() {
    for mutant in [Mutant::KeepAnyway, Mutant::KeepAnotherAnyway] {
        for property in [ONE, SAME] {
            refute(property, Numbers { mutant, choice: 3, ..numbers() });
        }
    }
}
