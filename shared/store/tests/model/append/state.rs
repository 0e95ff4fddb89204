//! The log, the callers, and what they were told.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ask {
    Award,
    Spend,
    /// Of the redemption in the opening.
    Refund,
    /// Names the redemption that the first caller makes.
    Purchase,
}

/// What a caller sends: under which name, and with what else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Request {
    pub(super) name: u8,
    pub(super) fingerprint: u8,
    pub(super) ask: Ask,
}

/// A line of the log, with what is left after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Line {
    /// `None`: of the opening.
    pub(super) request: Option<Request>,
    /// Which caller sent it, and which time. Only the properties look at it.
    pub(super) by: (usize, usize),
    pub(super) lapsing: u8,
    pub(super) lasting: u8,
    pub(super) is_late: bool,
    /// Whether this line gave back, and whether it or an earlier one did.
    pub(super) gives_back: bool,
    pub(super) is_back: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum At {
    Idle,
    /// The mutant has looked up, and found the line of this number.
    LookedUp(Option<usize>),
    Read(usize),
    /// The newest line that was read; the purchase needs the line of its redemption.
    About(usize),
    AboutAgain(usize),
    Put(usize, Line),
    /// Before it is told that nothing was written.
    LastRead,
    LastLook(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Told {
    /// Appended or replayed: the number.
    Line(usize),
    /// Refused, a conflict, or contended.
    NothingWritten,
    /// The store did not answer, or the caller was killed.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Caller {
    pub(super) at: At,
    pub(super) tries: u8,
    /// The number of the line of this sending of whose put nothing was heard.
    pub(super) unheard: Option<usize>,
    /// Whether the redemption was there when this sending began.
    pub(super) saw: bool,
    /// Whether it was denied all the same.
    pub(super) was_denied: bool,
    /// What came of each sending.
    pub(super) told: Vec<Told>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) is_late: bool,
    pub(super) log: Vec<Line>,
    /// Puts that may still arrive: the number and the line.
    pub(super) flight: Vec<(usize, Line)>,
    pub(super) callers: Vec<Caller>,
}

/// The line of the opening that spent.
pub(super) const OPENING_SPENT: (usize, usize) = (usize::MAX, 1);

/// The opening: one unit that lapses.
pub(super) const UNIT: Line = Line {
    request: None,
    by: (usize::MAX, 0),
    lapsing: 1,
    lasting: 0,
    is_late: false,
    gives_back: false,
    is_back: false,
};

impl State {
    /// Who was told that nothing was written has no line.
    pub(super) fn is_told_truly(&self) -> bool {
        let wrote = |by| self.log.iter().any(|line| line.request.is_some() && line.by == by);
        self.callers.iter().enumerate().all(|(caller, it)| {
            let mut sendings = it.told.iter().enumerate();
            sendings.all(|(sending, told)| match told {
                Told::NothingWritten => !wrote((caller, sending)),
                Told::Line(_) | Told::Unknown => true,
            })
        })
    }

    /// Every line says what the one before leaves, and is no earlier.
    pub(super) fn is_chained(&self) -> bool {
        self.log.windows(2).all(|lines| {
            let (before, line) = (lines[0], lines[1]);
            let had = before.lasting + if line.is_late { 0 } else { before.lapsing };
            let has = line.lasting + line.lapsing;
            before.is_late <= line.is_late
                && match line.request.map(|request| request.ask) {
                    Some(Ask::Award) => has == had + 1,
                    Some(Ask::Spend) => has + 1 == had,
                    Some(Ask::Refund) => has == had + u8::from(line.gives_back),
                    Some(Ask::Purchase) | None => has == had,
                }
        })
    }
}
