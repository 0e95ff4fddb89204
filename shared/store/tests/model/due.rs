//! Due markers: writers and sweeps of one account, killed anywhere.
//!
//! | step here | in the code |
//! |---|---|
//! | [`Step::Ask`] | `apply.rs`, `attempt`: `newest`, then the clock, then `decide` |
//! | [`Step::Mark`] | `apply.rs`, `prepare_and_append`: what `marker.rs`, `arm` says is put by `put_due` |
//! | [`Step::Append`] | `prepare_and_append`: no decision that is too old, then the put of line `n + 1` |
//! | [`Step::Find`] | `due.rs`, `due_markers`, of the hours before `unswept` |
//! | [`Step::FindAside`] | `due.rs`, `accounts_set_aside` |
//! | [`Step::Visit`] | `sweep.rs`, `settle`: as [`Step::Ask`], with the job's own decision |
//! | [`Step::Fail`] | the same, when the account cannot be decided: `outlook_of` |
//! | [`Step::Mark`] of a sweep that rearms | `due.rs`, `rearm`, when there was nothing to append |
//! | [`Step::SetAside`] | `due.rs`, `set_aside`, before the marker goes |
//! | [`Step::Finish`] | `due.rs`, `delete_marker`, or `take_back` of what had been set aside |
//! | [`Step::Stop`] | killed, or given up: what was written stays |
//!
//! Time is in ticks, two to an hour. What is due at a tick is due at its end: a decision may come
//! before it and its line after, both within an hour or not. A line may be written up to [`Due::late`] ticks after its
//! decision: that stands for the age at which a decision is made again, for a slow call, and for a
//! put that arrives when its caller has long given up. [`Due::margin`] stands for the 15 minutes.
//! Clocks may differ by [`Due::skew`]: a writer's is behind that of the sweeps, and then decides at
//! the newest `recorded_at`, as `one_instant` does.
//!
//! The account holds lots that expire, one hold that lapses, and may be a card that goes back to
//! its purchaser: `Wallet::next_due` and `Draft::carry` in small. A wallet is one that never
//! reverts.
//!
//! Left out: amounts; other accounts and shards, which share no item with this one; whether a put
//! of a marker is answered, because its caller puts it again or stops; a decision that asks for the
//! purchaser's wallet, which is `card`'s matter; a stale read of markers, which finds them next time.

mod account;
mod checks;

use account::{Command, Hour, Job, Line, NEVER, TICKS_PER_HOUR, Tick, bit, each_bit, hour};
use stateright::{Model, Property};

const MARKED: &str = "what is due has a marker, or is set aside";
const SETTLED: &str = "sweeps alone write down what is due";

/// What is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    None,
    /// The marker is put after the line.
    MarkerLast,
    /// What a line was armed for counts although it has passed.
    TrustPassed,
    /// A sweep with nothing to append deletes its marker at once.
    DeleteWithoutRearming,
    /// The marker of a sweep is deleted before the account is settled.
    DeleteFirst,
    /// A sweep of cards that finds nothing to revert writes nothing down.
    RevertAlone,
    /// The account is set aside after its marker is deleted.
    AsideLast,
    /// An account is taken back although it was set aside again since it was found.
    TakeBackAnyway,
}

/// A line that was decided, and what is put before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Decided {
    line: Line,
    put: Option<(Job, Hour)>,
    /// The last tick at which the line can still be written.
    until: Tick,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Origin {
    Marker(Hour),
    /// Whether it still is the setting aside that was found.
    Aside(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Caller {
    Idle,
    /// A writer or a sweep that has decided. `None`: a writer.
    Writing(Option<Origin>, Decided),
    /// A sweep that is about to look at the account.
    Visiting(Origin),
    /// A sweep that had nothing to append, with what is due next. A mutant's writer, too, after its
    /// line.
    Rearming(Option<Origin>, Option<(Tick, Job)>),
    /// A sweep that could not decide.
    Failing(Origin),
    /// A sweep that is done with the account.
    Finishing(Origin),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    now: Tick,
    line: Line,
    /// By job: bit `h`, a marker of hour `h`.
    markers: [u16; 2],
    /// By job.
    aside: [bool; 2],
    /// The writers, then the sweeps.
    callers: Vec<Caller>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Tick,
    Ask(usize, Command, Tick),
    Mark(usize),
    Append(usize),
    Find(usize, Hour),
    FindAside(usize),
    Visit(usize),
    Fail(usize),
    SetAside(usize),
    Finish(usize),
    Stop(usize),
}

#[derive(Clone, Debug)]
struct Due {
    mutant: Mutant,
    writers: usize,
    /// Their jobs.
    sweeps: Vec<Job>,
    /// The last tick.
    end: Tick,
    /// The last tick at which anything is due.
    latest: Tick,
    /// No writer decides once the log has as many lines.
    lines_max: u8,
    late: Tick,
    margin: Tick,
    skew: Tick,
    is_card: bool,
    /// Whether accounts may fail and be set aside.
    fails: bool,
}

/// `marker.rs`, `next_marker`.
fn next_marker(due: Option<(Tick, Job)>, now: Tick) -> Option<(Job, Hour)> {
    due.map(|(at, job)| (job, hour(at).max(hour(now))))
}

impl Due {
    /// `marker.rs`, `arm`: the line to append, and what is put before it. It still has the number
    /// and the hour of the one that it follows.
    fn arm(&self, mut line: Line, now: Tick) -> Decided {
        let trusted = |armed: &Hour| self.mutant == Mutant::TrustPassed || hour(now) <= *armed;
        let armed = line.armed.filter(trusted);
        let target = next_marker(line.next_due(), now);
        let put = target.filter(|(_, target)| armed.is_none_or(|armed| *target < armed));
        line.armed = put.map_or(armed, |(_, hour)| Some(hour));
        if 0 < self.skew {
            line.recorded_at = now;
        }
        line.number += 1;
        Decided { line, put, until: 0 }
    }

    /// What a command makes of the account; `None` when it is refused.
    fn obey(&self, line: Line, command: Command, now: Tick) -> Option<Line> {
        let mut line = line.carried(now);
        if line.reverts_at().is_some_and(|at| at < now) {
            return None;
        }
        match command {
            Command::Issue { expires_at, revert_at } => {
                (line.lots, line.revert_at) = (bit(expires_at), Some(revert_at));
            }
            Command::Add(expires_at) => line.lots |= bit(expires_at),
            Command::Spend => {
                // A card is one lot, and what is left of it remains.
                if !self.is_card || line.revert_at.is_none() {
                    line.lots &= line.lots.wrapping_sub(1);
                }
                line.revert_at = None;
            }
            Command::Hold(until) => line.held_until = Some(until),
        }
        Some(line)
    }

    fn commands(&self, line: Line, now: Tick, commands: &mut Vec<Command>) {
        let dues = now..=self.latest;
        if !self.is_card {
            commands.extend(dues.clone().filter(|at| line.lots & bit(*at) == 0).map(Command::Add));
        } else if line.number == 0 {
            for revert_at in dues.clone() {
                let expiries = dues.clone().filter(|at| revert_at <= *at).chain([NEVER]);
                commands
                    .extend(expiries.map(|expires_at| Command::Issue { expires_at, revert_at }));
            }
        }
        if line.lots != 0 {
            commands.push(Command::Spend);
            if line.held_until.is_none() {
                commands.extend(dues.map(Command::Hold));
            }
        }
    }

    /// What a sweep would append; `None` when it has nothing to.
    fn settle(&self, job: Job, line: Line, now: Tick) -> Option<Line> {
        let mut carried = line.carried(now);
        let reverts = job == Job::Revert && carried.reverts_at().is_some_and(|at| at < now);
        if reverts {
            (carried.lots, carried.revert_at) = (0, None);
        }
        let is_silent = self.mutant == Mutant::RevertAlone && job == Job::Revert && !reverts;
        (carried != line && !is_silent).then_some(carried)
    }

    /// `due.rs`, `unswept`: hours before this one may be swept.
    fn unswept(&self, now: Tick) -> Hour {
        hour(now.saturating_sub(self.margin))
    }

    fn job(&self, caller: usize) -> Job {
        self.sweeps[caller - self.writers]
    }

    /// The one instant of a writer whose clock is behind by `behind`.
    fn instant(state: &State, behind: Tick) -> Tick {
        state.now.saturating_sub(behind).max(state.line.recorded_at)
    }

    fn writer_steps(&self, state: &State, caller: usize, steps: &mut Vec<Step>) {
        if self.lines_max <= state.line.number {
            return;
        }
        for behind in 0..=self.skew.min(state.now) {
            let now = Self::instant(state, behind);
            let mut commands = Vec::new();
            self.commands(state.line, now, &mut commands);
            let asked = |command| Step::Ask(caller, command, behind);
            steps.extend(commands.into_iter().map(asked));
        }
    }

    fn sweep_steps(&self, state: &State, caller: usize, steps: &mut Vec<Step>) {
        let job = self.job(caller);
        let unswept = self.unswept(state.now);
        let found = each_bit(state.markers[job as usize]).filter(|hour| *hour < unswept);
        steps.extend(found.map(|hour| Step::Find(caller, hour)));
        if state.aside[job as usize] {
            steps.push(Step::FindAside(caller));
        }
    }

    /// The steps of a caller that has begun.
    fn steps_of(&self, state: &State, caller: usize, steps: &mut Vec<Step>) {
        match state.callers[caller] {
            Caller::Idle if caller < self.writers => {
                self.writer_steps(state, caller, steps);
                return;
            }
            Caller::Idle => {
                self.sweep_steps(state, caller, steps);
                return;
            }
            Caller::Writing(_, decided) if self.is_ready(decided) => {
                steps.push(Step::Append(caller));
            }
            Caller::Writing(..) | Caller::Rearming(..) => steps.push(Step::Mark(caller)),
            Caller::Visiting(_) => {
                steps.push(Step::Visit(caller));
                if self.fails {
                    steps.push(Step::Fail(caller));
                }
            }
            Caller::Failing(_) => steps.push(Step::SetAside(caller)),
            Caller::Finishing(_) => steps.push(Step::Finish(caller)),
        }
        steps.push(Step::Stop(caller));
    }

    fn visit(&self, state: &mut State, caller: usize, origin: Origin) {
        if self.mutant == Mutant::DeleteFirst {
            self.finish(state, caller, origin);
        }
        let job = self.job(caller);
        state.callers[caller] = match self.settle(job, state.line, state.now) {
            Some(line) => Caller::Writing(Some(origin), self.begin(state, line, state.now)),
            None if self.mutant == Mutant::DeleteWithoutRearming => Caller::Finishing(origin),
            None => Caller::Rearming(Some(origin), state.line.carried(state.now).next_due()),
        };
    }

    fn begin(&self, state: &State, line: Line, now: Tick) -> Decided {
        Decided { until: state.now + self.late, ..self.arm(line, now) }
    }

    fn mark(state: &mut State, caller: usize) {
        let (put, next) = match state.callers[caller] {
            Caller::Writing(origin, decided) => {
                (decided.put, Caller::Writing(origin, Decided { put: None, ..decided }))
            }
            Caller::Rearming(origin, due) => (next_marker(due, state.now), after(origin)),
            other => panic!("{other:?} puts no marker"),
        };
        if let Some((job, hour)) = put {
            state.markers[job as usize] |= bit(hour);
        }
        state.callers[caller] = next;
    }

    /// The put of a line, or what becomes of a decision that is too old or has lost the race.
    fn append(&self, state: &mut State, caller: usize) {
        let Caller::Writing(origin, Decided { line, until, .. }) = state.callers[caller] else {
            panic!("it has not decided");
        };
        let is_next = line.number == state.line.number + 1;
        state.callers[caller] = if until < state.now || !is_next {
            origin.map_or(Caller::Idle, Caller::Visiting)
        } else {
            state.line = line;
            match self.mutant {
                Mutant::MarkerLast => Caller::Rearming(origin, line.next_due()),
                _ => after(origin),
            }
        };
    }

    fn finish(&self, state: &mut State, caller: usize, origin: Origin) {
        if caller < self.writers {
            return;
        }
        let job = self.job(caller) as usize;
        match origin {
            Origin::Marker(hour) => state.markers[job] &= !bit(hour),
            Origin::Aside(false) if self.mutant != Mutant::TakeBackAnyway => {}
            Origin::Aside(_) => {
                state.aside[job] = false;
                self.outdate(state, job);
            }
        }
    }

    /// What a job had set aside is no longer what its sweeps have found.
    fn outdate(&self, state: &mut State, job: usize) {
        for caller in self.writers..state.callers.len() {
            if self.job(caller) as usize != job {
                continue;
            }
            let (Caller::Writing(Some(origin), _)
            | Caller::Rearming(Some(origin), _)
            | Caller::Visiting(origin)
            | Caller::Failing(origin)
            | Caller::Finishing(origin)) = &mut state.callers[caller]
            else {
                continue;
            };
            if *origin == Origin::Aside(true) {
                *origin = Origin::Aside(false);
            }
        }
    }

    /// Whether sweeps that nobody disturbs leave nothing undone, from here to after the last due.
    fn sweeps_settle(&self, state: &State) -> bool {
        let mut state = state.clone();
        state.callers.fill(Caller::Idle);
        while state.now < self.end + self.latest + 4 * TICKS_PER_HOUR {
            for caller in self.writers..state.callers.len() {
                let job = self.job(caller) as usize;
                if state.aside[job] {
                    self.run(&mut state, caller, Origin::Aside(true));
                }
                let unswept = self.unswept(state.now);
                let found = each_bit(state.markers[job]).filter(|hour| *hour < unswept);
                for hour in found.collect::<Vec<_>>() {
                    self.run(&mut state, caller, Origin::Marker(hour));
                }
            }
            state.now += 1;
        }
        state.line.next_due().is_none()
    }

    /// A sweep of the account, from its beginning to its end.
    fn run(&self, state: &mut State, caller: usize, origin: Origin) {
        state.callers[caller] = Caller::Visiting(origin);
        loop {
            match state.callers[caller] {
                Caller::Idle => return,
                Caller::Visiting(origin) => self.visit(state, caller, origin),
                Caller::Writing(_, decided) if self.is_ready(decided) => self.append(state, caller),
                Caller::Writing(..) | Caller::Rearming(..) => Self::mark(state, caller),
                Caller::Failing(origin) | Caller::Finishing(origin) => {
                    self.finish(state, caller, origin);
                    state.callers[caller] = Caller::Idle;
                }
            }
        }
    }

    /// Whether the marker of a decision is there, or not wanted yet.
    fn is_ready(&self, decided: Decided) -> bool {
        decided.put.is_none() || self.mutant == Mutant::MarkerLast
    }
}

/// What a caller does after its line, or after the marker in its place.
fn after(origin: Option<Origin>) -> Caller {
    origin.map_or(Caller::Idle, Caller::Finishing)
}

impl State {
    fn is_marked(&self) -> bool {
        let Some((at, _)) = self.line.next_due() else { return true };
        let earliest = each_bit(self.markers[0] | self.markers[1]).next();
        let by = hour(at).max(hour(self.now));
        self.aside.contains(&true) || earliest.is_some_and(|marked| marked <= by)
    }
}

impl Model for Due {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let callers = vec![Caller::Idle; self.writers + self.sweeps.len()];
        let line = Line::default();
        vec![State { now: 0, line, markers: [0; 2], aside: [false; 2], callers }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.now < self.end {
            steps.push(Step::Tick);
        }
        for caller in 0..state.callers.len() {
            self.steps_of(state, caller, steps);
        }
    }

    fn next_state(&self, before: &State, step: Step) -> Option<State> {
        let mut state = before.clone();
        match step {
            Step::Tick => state.now += 1,
            Step::Ask(caller, command, behind) => {
                let now = Self::instant(&state, behind);
                let line = self.obey(state.line, command, now)?;
                state.callers[caller] = Caller::Writing(None, self.begin(&state, line, now));
            }
            Step::Mark(caller) => Self::mark(&mut state, caller),
            Step::Append(caller) => self.append(&mut state, caller),
            Step::Find(caller, hour) => {
                state.callers[caller] = Caller::Visiting(Origin::Marker(hour));
            }
            Step::FindAside(caller) => {
                state.callers[caller] = Caller::Visiting(Origin::Aside(true));
            }
            Step::Visit(caller) => {
                let Caller::Visiting(origin) = state.callers[caller] else { return None };
                self.visit(&mut state, caller, origin);
            }
            Step::Fail(caller) => {
                let Caller::Visiting(origin) = state.callers[caller] else { return None };
                if self.mutant == Mutant::AsideLast {
                    self.finish(&mut state, caller, origin);
                }
                state.callers[caller] = Caller::Failing(origin);
            }
            Step::SetAside(caller) => {
                let Caller::Failing(origin) = state.callers[caller] else { return None };
                let job = self.job(caller) as usize;
                state.aside[job] = true;
                self.outdate(&mut state, job);
                state.callers[caller] = match origin {
                    Origin::Marker(_) => Caller::Finishing(origin),
                    Origin::Aside(_) => Caller::Idle,
                };
            }
            Step::Finish(caller) => {
                let Caller::Finishing(origin) = state.callers[caller] else { return None };
                self.finish(&mut state, caller, origin);
                state.callers[caller] = Caller::Idle;
            }
            Step::Stop(caller) => state.callers[caller] = Caller::Idle,
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(MARKED, |_: &Self, state: &State| state.is_marked()),
            Property::always(SETTLED, Self::sweeps_settle),
            Property::sometimes("a sweep writes the last line", |model: &Self, state: &State| {
                let is_swept = |caller: &Caller| matches!(caller, Caller::Finishing(_));
                state.line.next_due().is_none()
                    && model.lines_max < state.line.number
                    && state.callers.iter().any(is_swept)
            }),
            Property::sometimes("a writer is overtaken", |_: &Self, state: &State| {
                let is_late = |caller: &Caller| matches!(caller, Caller::Writing(None, it) if it.line.number <= state.line.number);
                state.callers.iter().any(is_late)
            }),
        ]
    }
}
