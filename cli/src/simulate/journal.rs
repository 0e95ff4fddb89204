//! What the callers know: what they asked and were told. What they were told must go together.

use std::collections::{BTreeMap, BTreeSet};

use scrip_domain::time::Instant;
use serde_json::Value;

use crate::simulate::ask::Ask;
use crate::simulate::kind::Kind;
use crate::simulate::request::name;
use crate::simulate::time_of;

/// How far back an instant must be for a balance as of it to be the same for ever: a decision may
/// be a minute old when it is written, and clocks may be seconds apart.
pub(crate) const SETTLED_MILLIS: i64 = 3 * 60 * 1_000;

/// Answers that say that nothing was written, and never will be for this request as it is.
const REFUSED: [u16; 7] = [400, 403, 404, 409, 412, 413, 422];

/// What came back of one attempt.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) is_replay: bool,
}

impl Reply {
    /// The stable word of a problem.
    pub(crate) fn code(&self) -> &str {
        self.body.get("code").and_then(Value::as_str).unwrap_or_default()
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// What is known of one operation that a caller has named.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// The ask as it was sent first, and is sent again.
    pub(crate) first: Option<Ask>,
    /// Every body that was sent under this name.
    bodies: BTreeSet<String>,
    /// The body that was acknowledged, and its answer.
    pub(crate) acknowledged: Option<(Ask, Value)>,
    /// Whether the queue took it: then it is applied.
    pub(crate) is_taken: bool,
    /// Whether an attempt ended without saying what became of it.
    pub(crate) is_unknown: bool,
    /// Whether it was answered with 201.
    is_created: bool,
    /// Callers who are at it.
    busy: u32,
    /// Whether several were at it at once, or the queue was.
    is_shared: bool,
}

/// What is known of one action, which says everything by the state that it finds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Acted {
    /// The ask as it was sent first.
    pub(crate) first: Option<Ask>,
    /// The ask that was acknowledged first, and its answer.
    pub(crate) acknowledged: Option<(Ask, Value)>,
    /// Whether an attempt ended without saying what became of it.
    pub(crate) is_unknown: bool,
    /// Whether it was answered with 201.
    is_created: bool,
}

/// A gift card as its purchaser knows it.
#[derive(Debug, Clone)]
pub(crate) struct CardKnown {
    /// How many were known before.
    pub(crate) place: usize,
    pub(crate) number: String,
    pub(crate) pin: String,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The step in which it showed; `None` in the checks at the end.
    pub step: Option<usize>,
    /// What is wrong.
    pub what: String,
}

/// What all callers know together.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) operations: BTreeMap<String, Known>,
    /// By the path of their line, below `/v1/`.
    pub(crate) actions: BTreeMap<String, Acted>,
    pub(crate) cards: BTreeMap<(u64, String), CardKnown>,
    /// Which card a redemption without a member spends.
    pub(crate) spent: BTreeMap<String, CardKnown>,
    /// Balances as of instants, as they were told first.
    pub(crate) past: BTreeMap<(u64, Instant), (u16, Value)>,
    /// When something happens by itself: value accrues, expires, reverts; holds lapse.
    pub(crate) instants: BTreeSet<Instant>,
    /// What was answered with success.
    pub(crate) succeeded: BTreeSet<Kind>,
    /// How often the auditor read the table.
    pub(crate) audits: u64,
    /// One line for each answer.
    pub(crate) history: Vec<String>,
    pub(crate) violations: Vec<Violation>,
}

impl Journal {
    pub(crate) fn violate(&mut self, step: Option<usize>, what: String) {
        self.violations.push(Violation { step, what });
    }

    /// The ask that is sent under its name: the first one, unless `other` says that a caller uses
    /// the name again for something else.
    pub(crate) fn named(&mut self, ask: Ask, is_other: bool) -> Ask {
        let Some(name) = ask.operation() else { return ask };
        let known = self.operations.entry(name).or_default();
        let asked = match &known.first {
            Some(first) if !is_other => Ask { step: ask.step, ..first.clone() },
            _ => ask,
        };
        known.first.get_or_insert_with(|| asked.clone());
        known.bodies.insert(asked.fingerprint());
        asked
    }

    /// Somebody begins to ask, by the queue or not.
    pub(crate) fn begin(&mut self, ask: &Ask, is_by_queue: bool) {
        if let Some(known) = ask.operation().and_then(|name| self.operations.get_mut(&name)) {
            known.is_shared |= is_by_queue || 0 < known.busy;
            known.busy = known.busy.saturating_add(1);
        }
    }

    /// They have ended.
    pub(crate) fn end(&mut self, ask: &Ask) {
        if let Some(known) = ask.operation().and_then(|name| self.operations.get_mut(&name)) {
            known.busy = known.busy.saturating_sub(1);
        }
    }

    /// The name of what was asked, when all of it is known: nobody else was at it, and every attempt
    /// was answered.
    pub(crate) fn name_if_known(&self, ask: &Ask) -> Option<String> {
        let name = ask.operation()?;
        let known = self.operations.get(&name)?;
        let is_known = !known.is_unknown && !known.is_shared && known.acknowledged.is_none();
        is_known.then_some(name)
    }

    /// An attempt of which nothing was heard.
    pub(crate) fn silence(&mut self, ask: &Ask) {
        if let Some(known) = ask.operation().and_then(|name| self.operations.get_mut(&name)) {
            known.is_unknown = true;
        }
        if let Some(acted) = self.acted(ask) {
            acted.is_unknown = true;
        }
    }

    /// It was asked again when nothing goes wrong any more, and refused: so nothing of it is written.
    pub(crate) fn settle(&mut self, ask: &Ask) {
        if let Some(known) = ask.operation().and_then(|name| self.operations.get_mut(&name)) {
            known.is_unknown = false;
        }
        if let Some(acted) = self.acted(ask) {
            acted.is_unknown = false;
        }
    }

    /// What is known of the action that is asked for.
    fn acted(&mut self, ask: &Ask) -> Option<&mut Acted> {
        let path = self.action(ask)?;
        let acted = self.actions.entry(path).or_default();
        acted.first.get_or_insert_with(|| ask.clone());
        Some(acted)
    }

    /// The path of the line that an action makes: that of a claim names the card by its purchaser.
    fn action(&self, ask: &Ask) -> Option<String> {
        let resource = ask.resource();
        let path = resource.strip_prefix("POST /v1/").filter(|_| ask.is_action())?;
        if ask.kind != Kind::Claim {
            return Some(path.to_owned());
        }
        let number = ask.body.get("number").and_then(Value::as_str)?;
        let ((purchaser, card), _) = self.cards.iter().find(|(_, card)| card.number == number)?;
        Some(format!("{path}/{}/{card}", name(*purchaser)))
    }

    /// Compares an answer with everything that was told before.
    pub(crate) fn hear(&mut self, ask: &Ask, reply: &Reply) {
        if !ask.may_answer(reply) {
            let what = format!("{}: answered {} {}", ask.resource(), reply.status, reply.body);
            self.violate(Some(ask.step), what);
        }
        if let Some(name) = ask.operation() {
            let fault = self.operations.get_mut(&name).and_then(|known| known.hear(ask, reply));
            if let Some(fault) = fault {
                self.violate(Some(ask.step), format!("{name}: {fault}"));
            }
        }
        if let Some(fault) = self.acted(ask).and_then(|acted| acted.hear(ask, reply)) {
            self.violate(Some(ask.step), format!("{}: {fault}", ask.resource()));
        }
        if reply.status == 200 && matches!(ask.kind, Kind::Balance | Kind::Past) {
            for what in expired(&reply.body) {
                self.violate(Some(ask.step), format!("{}: {what}", ask.resource()));
            }
        }
        if reply.is_success() {
            self.succeeded.insert(ask.kind);
            self.learn(ask, &reply.body);
        }
    }

    fn learn(&mut self, ask: &Ask, body: &Value) {
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        if let (Some(number), Some(pin), Some(card)) = (text("number"), text("pin"), text("card")) {
            let place = self.cards.len();
            self.cards.entry((ask.member, card)).or_insert(CardKnown { place, number, pin });
        }
        gather(body, &mut self.instants);
    }

    /// A balance as of an instant that no line can come before any more.
    pub(crate) fn hear_past(&mut self, ask: &Ask, at: Instant, reply: &Reply, now: Instant) {
        let is_settled = at.millis() <= now.millis().saturating_sub(SETTLED_MILLIS);
        if !matches!(reply.status, 200 | 404) || !is_settled {
            return;
        }
        let told = (reply.status, reply.body.clone());
        let before = self.past.entry((ask.member, at)).or_insert_with(|| told.clone()).clone();
        if before != told {
            let what = format!(
                "{}: was {} {}, and is {} {}",
                ask.resource(),
                before.0,
                before.1,
                told.0,
                told.1
            );
            self.violate(Some(ask.step), what);
        }
    }
}

impl Known {
    fn hear(&mut self, ask: &Ask, reply: &Reply) -> Option<String> {
        let refused = REFUSED.contains(&reply.status);
        match (reply.status, &self.acknowledged) {
            (201, _) if self.is_created => Some("was answered 201 twice".to_owned()),
            (200 | 201, Some((acknowledged, answer))) => {
                let is_same = acknowledged.fingerprint() == ask.fingerprint();
                if !is_same {
                    Some(format!("was acknowledged for another body, too: {}", reply.body))
                } else if *answer != reply.body {
                    Some(format!("was answered {answer}, and then {}", reply.body))
                } else {
                    None
                }
            }
            (200 | 201, None) => {
                let is_marked = reply.is_replay == (reply.status == 200);
                self.is_created |= reply.status == 201;
                self.acknowledged = Some((ask.clone(), reply.body.clone()));
                (!is_marked).then(|| "does not say rightly whether it is a replay".to_owned())
            }
            (409, Some((acknowledged, _)))
                if reply.code() == "operation_conflict"
                    && acknowledged.fingerprint() == ask.fingerprint() =>
            {
                Some("was acknowledged, and then conflicts with itself".to_owned())
            }
            (409, _) if reply.code() == "operation_conflict" => {
                (self.bodies.len() < 2).then(|| "conflicts with itself".to_owned())
            }
            (status, Some((acknowledged, _)))
                if refused && acknowledged.fingerprint() == ask.fingerprint() =>
            {
                let is_of_the_card = reply.code().starts_with("gift_card");
                let fault = || format!("was acknowledged, and then {status} {}", reply.body);
                (!is_of_the_card).then(fault)
            }
            (503, _) if reply.code() != "contended" => {
                self.is_unknown = true;
                None
            }
            _ => None,
        }
    }
}

impl Acted {
    fn hear(&mut self, ask: &Ask, reply: &Reply) -> Option<String> {
        match (reply.status, &self.acknowledged) {
            (201, _) if self.is_created => Some("was answered 201 twice".to_owned()),
            (200 | 201, _) if !ask.kind.leaves(reply.body.get("status")) => {
                Some(format!("was answered {}", reply.body))
            }
            (200 | 201, Some((_, answer))) => {
                // A refund since is a newer line of the same redemption.
                let is_alike = |name| answer.get(name) == reply.body.get(name);
                let is_same = is_alike("status") && (!is_alike("entry") || *answer == reply.body);
                (!is_same).then(|| format!("was answered {answer}, and then {}", reply.body))
            }
            (200 | 201, None) => {
                self.is_created |= reply.status == 201;
                self.acknowledged = Some((ask.clone(), reply.body.clone()));
                None
            }
            (503, _) if reply.code() != "contended" => {
                self.is_unknown = true;
                None
            }
            _ => None,
        }
    }
}

/// What a balance shows as available though it has expired.
fn expired(balance: &Value) -> Vec<String> {
    let at = |value: &Value, name: &str| value.get(name)?.as_str().and_then(time_of);
    let now = at(balance, "at");
    let list = |name: &str| balance.get(name).and_then(Value::as_array).into_iter().flatten();
    let points = list("points").filter_map(|it| it.get("expiring")?.as_array()).flatten();
    let points = points.map(|it| (it, at(it, "at")));
    let lots = list("rewards").chain(list("credits"));
    let lots = lots.filter(|it| it.get("available").is_some_and(|it| *it != "0.00"));
    let shown = points.chain(lots.map(|it| (it, at(it, "expires_at"))));
    let shown = shown.filter(|(_, expires_at)| expires_at.is_some_and(|it| Some(it) <= now));
    shown.map(|(it, _)| format!("shows {it}, which has expired")).collect()
}

/// Every instant from which something is otherwise.
fn gather(body: &Value, instants: &mut BTreeSet<Instant>) {
    match body {
        Value::Object(members) => {
            for (name, value) in members {
                let is_one = ["expires_at", "accrue_at", "revert_at", "hold_expires_at"]
                    .contains(&name.as_str());
                match value.as_str().filter(|_| is_one).and_then(time_of) {
                    Some(at) => {
                        instants.insert(at);
                    }
                    None => gather(value, instants),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, instants)),
        _ => {}
    }
}
