//! The log of a member who brings orders back.

use std::collections::BTreeMap;

use scrip_domain::adjustment::{self, Adjustment};
use scrip_domain::amount::{Change, Minor, Points};
use scrip_domain::award::{self, Award};
use scrip_domain::entry::{Decision, Entry};
use scrip_domain::program::{Document, Program};
use scrip_domain::returns::{self, History, Return};
use serde_json::json;

use super::Log;

/// Returns before and after points were spent and have expired; a level lost for the one before;
/// points that round up, are owed, and are repaid.
pub(super) fn log() -> Vec<Entry> {
    let mut log = Log::new();
    log.program = program();
    // Silver, then gold.
    log.purchase("1000234");
    log.purchase("1000235");
    log.return_of("1000234", "first", &[("1", 10_001), ("3", 995)]);
    log.adjust(-400);
    log.return_of("1000235", "second", &[("1", 59_995)]);
    let award = Award {
        award: "repays".parse().unwrap(),
        points: "reward".parse().unwrap(),
        amount: Points::try_from(1_000).unwrap(),
        reason: "sorry".parse().unwrap(),
        issued_at: None,
        accrue_at: None,
        expires_at: None,
    };
    let decided = award::decide(&log.wallet(), &log.program, &award, log.now);
    log.append(decided.unwrap());
    log.advance("P2Y");
    log.return_of("1000234", "late", &[("1", 49_994), ("2", 5_000)]);
    log.purchase("old");
    log.entries
}

fn program() -> Program {
    let sample = include_str!("../../../../domain/programs/sample.json");
    let mut document: serde_json::Value = serde_json::from_str(sample).unwrap();
    document["points"][0]["rounding"] = json!("up");
    document["points"][1]["clawback"] = json!("clamp");
    let gold = json!({"handle": "gold", "attain": 1000, "maintain": 800});
    document["tiers"]["levels"].as_array_mut().unwrap().push(gold);
    let document: Document = serde_json::from_value(document).unwrap();
    Program::from_document(&document).unwrap()
}

impl Log {
    fn adjust(&mut self, amount: i64) {
        // After they have accrued.
        self.advance("P20D");
        let adjustment = Adjustment {
            adjustment: "case-82".parse().unwrap(),
            points: "reward".parse().unwrap(),
            amount: Change::try_from(amount).unwrap(),
            reason: "fraud".parse().unwrap(),
            actor: "jo".parse().unwrap(),
        };
        let decided =
            adjustment::decide(&self.wallet(), &self.program, &adjustment, self.now).unwrap();
        self.append(decided);
    }

    fn return_of(&mut self, order: &str, id: &str, lines: &[(&str, u64)]) {
        let lines = lines.iter();
        let lines = lines.map(|(id, net)| (id.parse().unwrap(), Minor::try_from(*net).unwrap()));
        let (id, returned_at, lines) = (id.parse().unwrap(), self.now, lines.collect());
        let request = Return { id, returned_at, lines };
        let mut histories = self.entries.iter().rev().filter_map(History::of);
        let history = histories.find(|history| history.purchased().order.as_str() == order);
        let mut settled = BTreeMap::new();
        loop {
            let (wallet, history) = (self.wallet(), history.as_ref());
            let decided =
                returns::decide(&wallet, &self.program, history, &request, &settled, self.now);
            match decided.unwrap() {
                Decision::NeedsSettled(instants) => {
                    settled.extend(instants.into_iter().map(|at| (at, Vec::new())));
                }
                decided => return self.append(decided),
            }
        }
    }
}
