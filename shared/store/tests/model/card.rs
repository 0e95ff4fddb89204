//! Claim against cancel, revert and spend: one transaction over a card and a wallet.
//!
//! | step here | in the code |
//! |---|---|
//! | [`Step::Read`] | `apply.rs`, `attempt`: `newest` of the account that is asked: of a claim and a cancel the wallet, else the card |
//! | [`Step::LookUp`] | `look_up` in that log; a sweep names no operation |
//! | [`Step::ReadOther`] | `decide`: the decision needs the other account, whose newest line is read then |
//! | the decision | `domain/src/card`: `claim`, `cancel`, `void`, `spend`, `revert`; from `revert_at` on only the sweep |
//! | [`Step::Write`] | `append.rs`, `append` or `append_all`: each line at the number after the one that was read, all or none |
//! | [`Step::Arrive`] | a write arrives of which nothing was heard |
//! | [`Step::Stop`] | killed; what the SDK sends again is a write that arrives late |
//! | [`Step::Pass`] | `revert_at` passes |
//!
//! The last try of a caller is followed by nothing here: whoever is told nothing sends again.
//!
//! Left out: the PIN; markers, which are put before (`due`, `order`); holds, which only refuse; what
//! a caller is told (`append`); expiry, whose value goes to nobody.

mod checks;

use stateright::{Model, Property};

/// What the card is sold for: two parts, so that one can be spent.
const VALUE: u8 = 2;

const KEPT: &str = "value is neither created nor lost";
const ONE_END: &str = "a card ends once, and its value is where that says";
const IN_TIME: &str = "from its revert instant on a card only goes back";
const UNTOUCHED: &str = "what was spent from is neither cancelled nor reverted";
const ORDERED: &str = "along a log the instant never decreases";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    None,
    /// Two puts instead of one transaction.
    Split,
    /// The line of the other account is put whatever is there.
    OtherAnyway,
    /// The instant is that of the caller's clock, not the later of it and what was read.
    OwnClock,
    /// A claim does not look at the instant.
    ClaimAnyTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Ask {
    /// Into the wallet of another.
    Claim,
    Cancel,
    Void,
    /// One part of the card.
    Spend,
    /// The sweep.
    Revert,
    /// Something else happens to the purchaser's wallet.
    Rival,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Account {
    Card,
    Purchaser,
    Claimant,
}

/// The newest line of a log. `names`: bit by caller, whose operations it or an earlier one is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Line {
    number: u8,
    value: u8,
    names: u8,
    /// Of a card.
    spent: u8,
    voided: u8,
    end: Option<Ask>,
    /// Of a card: whether a line was recorded from `revert_at` on.
    is_late: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Idle,
    Read(Line),
    /// The asked account's line; the other one is to be read.
    Needs(Line),
    Write(Write),
    /// A mutant's second put.
    Rest(Account, Line),
    Done,
}

/// The lines of one write: of the account that is asked, and of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Write {
    own: (Account, Line),
    other: Option<(Account, Line)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// Whether `revert_at` has passed.
    is_late: bool,
    /// The newest line by account.
    logs: [Line; 3],
    callers: Vec<At>,
    flight: Option<Write>,
    /// How many lines ended the card, and how many spent from it. Only the properties look at these.
    ends: u8,
    spends: u8,
    went_back: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Heard,
    Unheard,
    Lost,
    Late,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Pass,
    Read(usize),
    LookUp(usize),
    ReadOther(usize),
    Write(usize, Fate),
    WriteRest(usize),
    Arrive,
    Stop(usize),
}

#[derive(Clone, Debug)]
struct Cards {
    mutant: Mutant,
    asks: Vec<Ask>,
    /// Whether the clock of the first caller is behind: `revert_at` never passes for it.
    is_first_behind: bool,
}

impl Ask {
    fn asked(self) -> Account {
        match self {
            Self::Claim => Account::Claimant,
            Self::Cancel | Self::Rival => Account::Purchaser,
            Self::Void | Self::Spend | Self::Revert => Account::Card,
        }
    }

    /// The account that it needs besides.
    fn other(self) -> Option<Account> {
        match self {
            Self::Claim | Self::Cancel => Some(Account::Card),
            Self::Revert => Some(Account::Purchaser),
            Self::Void | Self::Spend | Self::Rival => None,
        }
    }
}

impl Cards {
    /// What happens to the card. `None`: refused, or nothing is to be done.
    fn decide_card(&self, ask: Ask, card: Line, is_late: bool) -> Option<Line> {
        let is_untouched = card.spent == 0;
        // The first captured spend clears `revert_at`.
        let any_time = self.mutant == Mutant::ClaimAnyTime && ask == Ask::Claim;
        let has_reverted = is_late && is_untouched && !any_time;
        let may = match ask {
            Ask::Claim | Ask::Spend => 0 < card.value && !has_reverted,
            Ask::Cancel => 0 < card.value && !has_reverted && is_untouched,
            Ask::Void => !has_reverted,
            Ask::Revert => 0 < card.value && has_reverted,
            Ask::Rival => false,
        };
        if !may || card.end.is_some() {
            return None;
        }
        Some(match ask {
            Ask::Spend => Line { value: card.value - 1, spent: card.spent + 1, ..card },
            Ask::Void => Line { value: 0, voided: card.value, end: Some(ask), ..card },
            _ => Line { value: 0, end: Some(ask), ..card },
        })
    }

    /// The lines to write, decided on what was read.
    fn decide(
        &self,
        caller: usize,
        own: Line,
        other: Option<Line>,
        is_late: bool,
    ) -> Option<Write> {
        let ask = self.asks[caller];
        let next = |line: Line| Line { number: line.number + 1, is_late, ..line };
        let named = |line: Line| match ask {
            Ask::Revert => line,
            _ => Line { names: line.names | 1 << caller, ..line },
        };
        let lines = match (ask.asked(), ask.other().zip(other)) {
            (Account::Card, None) => (self.decide_card(ask, own, is_late)?, None),
            (Account::Card, Some((account, wallet))) => {
                let card = self.decide_card(ask, own, is_late)?;
                let wallet = Line { value: wallet.value + own.value, ..wallet };
                (card, Some((account, next(wallet))))
            }
            (_, Some((account, card))) => {
                let after = self.decide_card(ask, card, is_late)?;
                let wallet = Line { value: own.value + card.value, ..own };
                (wallet, Some((account, next(after))))
            }
            (_, None) => (own, None),
        };
        Some(Write { own: (ask.asked(), next(named(lines.0))), other: lines.1 })
    }

    fn conclude(&self, state: &mut State, caller: usize, own: Line, other: Option<Line>) {
        let clock = state.is_late && !(self.is_first_behind && caller == 0);
        let read = own.is_late || other.is_some_and(|other| other.is_late);
        let is_late = clock || read && self.mutant != Mutant::OwnClock;
        let write = self.decide(caller, own, other, is_late);
        state.callers[caller] = write.map_or(At::Done, At::Write);
    }

    fn is_free(state: &State, (account, line): (Account, Line)) -> bool {
        state.logs[account as usize].number + 1 == line.number
    }

    fn put(state: &mut State, (account, line): (Account, Line)) {
        let before = state.logs[account as usize];
        state.went_back |= before.is_late && !line.is_late;
        state.ends += u8::from(
            line.end.is_some() && (before.end, before.number) != (line.end, line.number - 1),
        );
        state.spends += u8::from(before.spent < line.spent);
        state.logs[account as usize] = line;
    }

    /// All lines or none. Whether they are there.
    fn land(&self, state: &mut State, write: Write) -> bool {
        let anyway = self.mutant == Mutant::OtherAnyway;
        let is_free = Self::is_free(state, write.own)
            && write.other.is_none_or(|other| anyway || Self::is_free(state, other));
        if is_free {
            Self::put(state, write.own);
            write.other.into_iter().for_each(|other| Self::put(state, other));
        }
        is_free
    }

    fn write(&self, state: &mut State, caller: usize, fate: Fate) {
        let At::Write(write) = state.callers[caller] else { panic!("nothing to write") };
        state.callers[caller] = match fate {
            Fate::Heard if self.mutant == Mutant::Split => {
                let own = Write { other: None, ..write };
                match (self.land(state, own), write.other) {
                    (true, Some((account, line))) => At::Rest(account, line),
                    (true, None) => At::Done,
                    (false, _) => At::Idle,
                }
            }
            Fate::Heard if self.land(state, write) => At::Done,
            Fate::Heard | Fate::Lost => At::Idle,
            Fate::Unheard => {
                self.land(state, write);
                At::Idle
            }
            Fate::Late => {
                state.flight = Some(write);
                At::Idle
            }
        };
    }
}

impl State {
    fn is_kept(&self) -> bool {
        let [card, purchaser, claimant] = self.logs;
        // Of a mutant: the other half may still come.
        let is_between = self.callers.iter().any(|at| matches!(at, At::Rest(..)));
        let total = card.value + self.spends + card.voided + purchaser.value + claimant.value;
        total == VALUE || is_between
    }

    fn is_done(&self, ask: Ask) -> bool {
        match ask {
            Ask::Spend => 0 < self.spends,
            Ask::Rival => 1 < self.logs[Account::Purchaser as usize].number,
            _ => self.logs[0].end == Some(ask),
        }
    }

    fn is_one_end(&self) -> bool {
        let [card, purchaser, claimant] = self.logs;
        let left = VALUE.saturating_sub(self.spends);
        let (back, claimed) = match card.end {
            None | Some(Ask::Void) => (0, 0),
            Some(Ask::Claim) => (0, left),
            Some(_) => (left, 0),
        };
        self.ends <= 1 && (purchaser.value, claimant.value) == (back, claimed)
    }
}

impl Model for Cards {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let mut logs = [Line::default(); 3];
        logs[Account::Card as usize] = Line { number: 1, value: VALUE, ..Line::default() };
        let callers = vec![At::Idle; self.asks.len()];
        let (ends, spends, went_back) = (0, 0, false);
        vec![State { is_late: false, logs, callers, flight: None, ends, spends, went_back }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if !state.is_late {
            steps.push(Step::Pass);
        }
        if state.flight.is_some() {
            steps.push(Step::Arrive);
        }
        for (caller, at) in state.callers.iter().enumerate() {
            steps.extend(match at {
                At::Done => continue,
                At::Idle => vec![Step::Read(caller)],
                At::Read(_) => vec![Step::LookUp(caller)],
                At::Needs(_) => vec![Step::ReadOther(caller)],
                At::Rest(..) => vec![Step::WriteRest(caller)],
                At::Write(_) => {
                    let late = state.flight.is_none().then_some(Fate::Late);
                    let fates = [Fate::Heard, Fate::Unheard, Fate::Lost].into_iter().chain(late);
                    fates.map(|fate| Step::Write(caller, fate)).collect()
                }
            });
            if *at != At::Idle {
                steps.push(Step::Stop(caller));
            }
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = before.clone();
        match step {
            Step::Pass => state.is_late = true,
            Step::Read(caller) => {
                let line = state.logs[self.asks[caller].asked() as usize];
                state.callers[caller] = At::Read(line);
            }
            Step::LookUp(caller) => {
                let At::Read(line) = state.callers[caller] else { return None };
                let ask = self.asks[caller];
                let names = state.logs[ask.asked() as usize].names;
                if ask != Ask::Revert && names & 1 << caller != 0 {
                    state.callers[caller] = At::Done;
                } else if ask.other().is_some() {
                    state.callers[caller] = At::Needs(line);
                } else {
                    self.conclude(&mut state, caller, line, None);
                }
            }
            Step::ReadOther(caller) => {
                let At::Needs(line) = state.callers[caller] else { return None };
                let other = self.asks[caller].other()?;
                let other = state.logs[other as usize];
                self.conclude(&mut state, caller, line, Some(other));
            }
            Step::Write(caller, fate) => self.write(&mut state, caller, fate),
            Step::WriteRest(caller) => {
                let At::Rest(account, line) = state.callers[caller] else { return None };
                if Self::is_free(&state, (account, line)) {
                    Self::put(&mut state, (account, line));
                }
                state.callers[caller] = At::Done;
            }
            Step::Arrive => {
                let write = state.flight.take()?;
                self.land(&mut state, write);
            }
            Step::Stop(caller) => state.callers[caller] = At::Idle,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(KEPT, |_: &Self, state: &State| state.is_kept()),
            Property::always(ONE_END, |_: &Self, state: &State| state.is_one_end()),
            Property::always(IN_TIME, |_: &Self, state: &State| {
                let card = state.logs[0];
                !card.is_late || card.spent != 0 || matches!(card.end, None | Some(Ask::Revert))
            }),
            Property::always(UNTOUCHED, |_: &Self, state: &State| {
                state.spends == 0 || !matches!(state.logs[0].end, Some(Ask::Cancel | Ask::Revert))
            }),
            Property::always(ORDERED, |_: &Self, state: &State| !state.went_back),
            Property::sometimes("the first caller wins", |it: &Self, state: &State| {
                state.is_done(it.asks[0])
            }),
            Property::sometimes("the last caller wins", |it: &Self, state: &State| {
                state.is_done(it.asks[it.asks.len() - 1])
            }),
        ]
    }
}
