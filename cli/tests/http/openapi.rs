//! `docs/openapi.yaml` has exactly the routes that there are.

use std::collections::BTreeSet;

use scrip_edge::Function;

fn routes_of<F: Function>() -> impl Iterator<Item = String> {
    F::ROUTES.iter().map(|route| route.key.to_owned())
}

/// The routes of the document: a path is a key under `paths`, indented once, and a method one
/// under a path.
fn documented() -> BTreeSet<String> {
    let document = include_str!("../../../docs/openapi.yaml");
    let mut path = "";
    let mut routes = BTreeSet::new();
    for line in document.lines().filter(|line| line.ends_with(':')) {
        let key = line.trim().trim_end_matches(':');
        match line.len() - line.trim_start().len() {
            2 => path = key,
            4 if path.starts_with('/') && ["get", "put", "post"].contains(&key) => {
                routes.insert(format!("{} {path}", key.to_uppercase()));
            }
            _ => {}
        }
    }
    routes
}

#[test]
fn openapi_document_has_every_route_and_no_other() {
    let routes: BTreeSet<String> = routes_of::<scrip_earn::Earn>()
        .chain(routes_of::<scrip_credit::Credit>())
        .chain(routes_of::<scrip_redeem::Redeem>())
        .chain(routes_of::<scrip_gift_card::GiftCard>())
        .chain(routes_of::<scrip_wallet::Wallet>())
        .chain(routes_of::<scrip_program::ProgramFunction>())
        .collect();
    assert_eq!(documented(), routes);
}

/// Where each component of the document is, as references name it: a key below a kind below
/// `components`.
fn components() -> BTreeSet<String> {
    let document = include_str!("../../../docs/openapi.yaml");
    let (_, below) = document.split_once("\ncomponents:\n").unwrap();
    let mut kind = "";
    let mut components = BTreeSet::new();
    for line in below.lines() {
        let name = line.trim().split(':').next().unwrap();
        match line.len() - line.trim_start().len() {
            2 => kind = name,
            4 => drop(components.insert(format!("#/components/{kind}/{name}"))),
            _ => {}
        }
    }
    components
}

#[test]
fn openapi_document_refers_to_what_it_has() {
    let document = include_str!("../../../docs/openapi.yaml");
    let components = components();
    let references = document.split("$ref: '").skip(1).map(|rest| rest.split('\'').next().unwrap());
    let missing: BTreeSet<&str> = references.filter(|it| !components.contains(*it)).collect();
    assert_eq!(missing, BTreeSet::new());
}
