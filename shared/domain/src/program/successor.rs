//! What a new version of a program may not take away from members who hold value under the old.

use super::{Document, Fault};

/// The faults of `next` as the version after `current`: a definition or level that vanished, a
/// definition that changed its kind, or another currency. What is no longer wanted is marked
/// `retired` instead.
pub fn faults_as_successor(next: &Document, current: &Document) -> Vec<Fault> {
    let mut faults = Vec::new();
    if next.currency != current.currency {
        let detail = format!("must stay {}: members hold value in it", current.currency);
        faults.push(Fault::new("currency", detail));
    }
    let mut section = |field: &str, next: Vec<(&str, &str)>, current: Vec<(&str, &str)>| {
        for (handle, kind) in current {
            match next.iter().find(|(other, _)| *other == handle) {
                None => faults.push(Fault::new(
                    field,
                    format!("must still have `{handle}`: mark it \"retired\": true instead"),
                )),
                Some((_, other)) if *other != kind => faults
                    .push(Fault::new(field, format!("`{handle}` must stay of kind \"{kind}\""))),
                Some(_) => {}
            }
        }
    };
    section("points", kinds_of_points(next), kinds_of_points(current));
    section("tiers.levels", levels(next), levels(current));
    section("rewards", rewards(next), rewards(current));
    section("benefits", benefits(next), benefits(current));
    section("credits", kinds_of_credit(next), kinds_of_credit(current));
    section("gift_cards", gift_cards(next), gift_cards(current));
    faults
}

fn kinds_of_points(document: &Document) -> Vec<(&str, &str)> {
    document.points.iter().map(|each| (each.handle.as_str(), each.kind.as_str())).collect()
}

fn levels(document: &Document) -> Vec<(&str, &str)> {
    let levels = document.tiers.iter().flat_map(|tiers| &tiers.levels);
    levels.map(|each| (each.handle.as_str(), "")).collect()
}

fn rewards(document: &Document) -> Vec<(&str, &str)> {
    document.rewards.iter().map(|each| (each.handle.as_str(), "")).collect()
}

fn benefits(document: &Document) -> Vec<(&str, &str)> {
    document.benefits.iter().map(|each| (each.handle.as_str(), "")).collect()
}

fn kinds_of_credit(document: &Document) -> Vec<(&str, &str)> {
    document.credits.iter().map(|each| (each.handle.as_str(), each.kind.as_str())).collect()
}

fn gift_cards(document: &Document) -> Vec<(&str, &str)> {
    document.gift_cards.iter().map(|each| (each.handle.as_str(), "")).collect()
}
