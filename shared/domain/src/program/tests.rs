use serde_json::{Value, json};

use super::*;
use crate::rate::NotARate;
use crate::sample::{SAMPLE, at, document, minor, named, points, program, program_of};

#[test]
fn sample_program_parses_as_documented() {
    let program = program();
    assert_eq!(program.currency.code(), "AUD");
    assert_eq!(program.zone.to_string(), "Australia/Melbourne");
    assert_eq!(program.hold_for, Period::minutes(10));
    assert_eq!(program.multiplier_cap, Some(Rate::parse("5").unwrap()));
    let reward = program.points(&named("reward")).unwrap();
    assert_eq!(reward.kind, PointsKind::Reward);
    assert_eq!(reward.accrue_after, Period::days(14));
    assert_eq!(reward.rounding, Rounding::Down);
    assert_eq!(reward.clawback, ClawbackPolicy::Debt);
    assert!(!reward.retired);
    let tier = program.points(&named("tier")).unwrap();
    assert_eq!((tier.kind, tier.value), (PointsKind::Tier, None));
    assert!(tier.accrue_after.is_zero());
    let survey = program.points(&named("survey")).unwrap();
    assert_eq!((survey.kind, survey.expires), (PointsKind::Action, None));
    let rates: Vec<&str> = program.rates.iter().map(|rate| rate.handle.as_str()).collect();
    assert_eq!(rates, ["base", "base-tier", "outlet"]);
    let tiers = program.tiers.unwrap();
    let levels = tiers
        .levels
        .iter()
        .map(|level| (level.handle.as_str(), level.attain.get(), level.maintain.get()));
    assert_eq!(levels.collect::<Vec<_>>(), [("member", 0, 0), ("silver", 500, 400)]);
}

#[test]
fn document_keeps_its_meaning_when_written_and_read() {
    let document = document();
    let text = serde_json::to_string(&document).unwrap();
    assert_eq!(serde_json::from_str::<Document>(&text).unwrap(), document);
}

#[test]
fn document_refuses_unknown_fields_everywhere() {
    for place in [
        "/colour",
        "/points/0/colour",
        "/points/0/value/colour",
        "/points/0/expires/colour",
        "/rates/2/when/colour",
        "/tiers/levels/0/colour",
        "/redemption/colour",
    ] {
        let mut value: Value = serde_json::from_str(SAMPLE).unwrap();
        set(&mut value, place, json!(1));
        assert!(serde_json::from_value::<Document>(value).is_err(), "{place}");
    }
}

/// Sets the value at a JSON pointer, adding it where its parent has none; `-` adds to a list.
#[track_caller]
fn set(document: &mut Value, pointer: &str, to: Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(members) => {
            members.insert(key.to_owned(), to);
        }
        Value::Array(list) if key == "-" => list.push(to),
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = to,
        other => panic!("{parent} is {other}"),
    }
}

/// The sample with `changes` has faults in exactly these fields.
#[track_caller]
fn check_faults(changes: &[(&str, Value)], fields: &[&str]) {
    let mut value: Value = serde_json::from_str(SAMPLE).unwrap();
    for (pointer, to) in changes {
        set(&mut value, pointer, to.clone());
    }
    let document: Document = serde_json::from_value(value).unwrap();
    let faults = Program::from_document(&document).err().unwrap_or_default();
    let found: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(found, fields, "{faults:#?}");
}

#[test]
fn program_names_the_field_of_a_fault_in_its_head() {
    check_faults(&[], &[]);
    check_faults(&[("/currency", json!("XAU"))], &["currency"]);
    check_faults(&[("/currency", json!("aud"))], &["currency"]);
    check_faults(&[("/time_zone", json!("Mars"))], &["time_zone"]);
    check_faults(&[("/multiplier_cap", json!("-1"))], &["multiplier_cap"]);
    check_faults(&[("/redemption/hold_for", json!("10M"))], &["redemption.hold_for"]);
    check_faults(&[("/redemption/hold_for", json!("PT59S"))], &["redemption.hold_for"]);
    check_faults(&[("/redemption/hold_for", json!("PT1M"))], &[]);
    check_faults(&[("/redemption/hold_for", json!("P7D"))], &[]);
    check_faults(&[("/redemption/hold_for", json!("P7DT1S"))], &["redemption.hold_for"]);
    check_faults(&[("/redemption/reinstate_grace", json!("14"))], &["redemption.reinstate_grace"]);
    check_faults(&[("/redemption/reinstate_grace", json!("P0D"))], &[]);
    check_faults(&[("/pin/digits", json!(3))], &["pin.digits"]);
    check_faults(&[("/pin/digits", json!(4))], &[]);
    check_faults(&[("/pin/digits", json!(12))], &[]);
    check_faults(&[("/pin/digits", json!(13))], &["pin.digits"]);
    check_faults(&[("/pin/attempts", json!(0))], &["pin.attempts"]);
    check_faults(&[("/pin/attempts", json!(20))], &[]);
    check_faults(&[("/pin/attempts", json!(21))], &["pin.attempts"]);
    check_faults(&[("/pin", json!(null))], &["pin"]);
}

#[test]
fn program_names_the_field_of_a_fault_in_its_points() {
    for (pointer, to, field) in [
        ("/points/2/handle", json!("a b"), "points[2].handle"),
        ("/points/2/handle", json!(""), "points[2].handle"),
        ("/points/2/handle", json!("x".repeat(65)), "points[2].handle"),
        ("/points/2/name", json!(""), "points[2].name"),
        ("/points/2/name", json!("x".repeat(129)), "points[2].name"),
        ("/points/2/kind", json!("bonus"), "points[2].kind"),
        ("/points/0/rounding", json!("up-ish"), "points[0].rounding"),
        ("/points/0/clawback", json!("forget"), "points[0].clawback"),
        ("/points/0/accrue_after", json!("14D"), "points[0].accrue_after"),
        ("/points/0/accrue_after", json!("P0D"), "points[0].accrue_after"),
        ("/points/1/accrue_after", json!("P1D"), "points[1].accrue_after"),
        ("/points/0/expires/after", json!("P101Y"), "points[0].expires.after"),
        ("/points/0/expires/after", json!("P0D"), "points[0].expires.after"),
        ("/points/0/expires/round_up_to", json!("year"), "points[0].expires.round_up_to"),
        ("/points/0/value/money", json!("1"), "points[0].value.money"),
        ("/points/0/value/money", json!("0.00"), "points[0].value"),
        ("/points/0/value/points", json!(0), "points[0].value"),
        ("/points/0/value/points", json!(1_u64 << 53), "points[0].value.points"),
        ("/points/0/value/multiple", json!(0), "points[0].value.multiple"),
        ("/points/1/value", json!({"points": 100, "money": "1.00"}), "points[1].value"),
        ("/points/0/excluded_categories", json!(["ok", ""]), "points[0].excluded_categories[1]"),
        (
            "/points/-",
            json!({"handle": "survey", "name": "Again", "kind": "action"}),
            "points[3].handle",
        ),
    ] {
        check_faults(&[(pointer, to)], &[field]);
    }
}

#[test]
fn program_names_the_field_of_a_fault_in_its_rates_and_multipliers() {
    for (pointer, to, field) in [
        ("/rates/0/handle", json!("a b"), "rates[0].handle"),
        ("/rates/1/handle", json!("base"), "rates[1].handle"),
        ("/rates/0/points", json!("lost"), "rates[0].points"),
        ("/rates/0/points", json!("survey"), "rates[0].points"),
        ("/rates/0/per", json!("1"), "rates[0].per"),
        ("/rates/0/per", json!("0.00"), "rates[0].per"),
        ("/rates/0/earns", json!("-1"), "rates[0].earns"),
        ("/rates/0/earns", json!("1000000.1"), "rates[0].earns"),
        ("/rates/0/when", json!({"birth_month": true}), "rates[0].when.birth_month"),
        ("/rates/0/when", json!({"from": "yesterday"}), "rates[0].when.from"),
        (
            "/rates/0/when",
            json!({"from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}),
            "rates[0].when.until",
        ),
        ("/rates/0/when", json!({"tier": ["silver", "gold"]}), "rates[0].when.tier[1]"),
        ("/rates/0/when", json!({"country": ["AU", "au"]}), "rates[0].when.country[1]"),
        ("/rates/0/when", json!({"location": [""]}), "rates[0].when.location[0]"),
        ("/rates/0/when", json!({"category": ["a\nb"]}), "rates[0].when.category[0]"),
        ("/multipliers/0/handle", json!(""), "multipliers[0].handle"),
        ("/multipliers/0/points", json!("survey"), "multipliers[0].points"),
        ("/multipliers/0/factor", json!("2x"), "multipliers[0].factor"),
        (
            "/multipliers/-",
            json!({"handle": "birthday", "points": "tier", "factor": "2"}),
            "multipliers[1].handle",
        ),
    ] {
        check_faults(&[(pointer, to)], &[field]);
    }
    let from = json!({"from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00.001Z"});
    check_faults(&[("/rates/0/when", from)], &[]);
    // Nothing new is issued of what is retired, so nothing may earn it.
    check_faults(
        &[("/points/0/retired", json!(true))],
        &["rates[0].points", "rates[2].points", "multipliers[0].points"],
    );
}

#[test]
fn name_of_points_is_at_most_128_characters() {
    check_faults(&[("/points/0/name", json!("é".repeat(128)))], &[]);
    check_faults(&[("/points/0/name", json!("é".repeat(129)))], &["points[0].name"]);
}

#[test]
fn kind_of_credit_is_read_from_its_word() {
    for kind in CreditKind::ALL {
        assert_eq!(CreditKind::parse(kind.as_str()), Some(kind));
    }
    assert_eq!(CreditKind::parse("cash"), None);
}

#[test]
fn program_names_the_field_of_a_fault_in_its_tiers() {
    for (pointer, to, field) in [
        ("/tiers/points", json!("reward"), "tiers.points"),
        ("/tiers/points", json!("lost"), "tiers.points"),
        ("/tiers/levels", json!([]), "tiers.levels"),
        ("/tiers/levels/0/attain", json!(1), "tiers.levels"),
        ("/tiers/levels/1/handle", json!("member"), "tiers.levels[1].handle"),
        ("/tiers/levels/1/maintain", json!(501), "tiers.levels[1].maintain"),
        (
            "/tiers/levels/-",
            json!({"handle": "gold", "attain": 500, "maintain": 500}),
            "tiers.levels[2].attain",
        ),
        ("/tiers/levels/1/attain", json!(1_u64 << 53), "tiers.levels[1].attain"),
    ] {
        check_faults(&[(pointer, to)], &[field]);
    }
    check_faults(&[("/tiers/levels/1/maintain", json!(500))], &[]);
    let gold = json!({"handle": "gold", "attain": 501, "maintain": 500});
    check_faults(&[("/tiers/levels/-", gold)], &[]);
}

#[test]
fn program_names_the_field_of_a_fault_in_its_value() {
    for (pointer, to, field) in [
        ("/conversions/0/points", json!("tier"), "conversions[0].points"),
        ("/conversions/0/points", json!("lost"), "conversions[0].points"),
        ("/conversions/0/reward", json!("lost"), "conversions[0].reward"),
        ("/conversions/0/multiple", json!(0), "conversions[0].multiple"),
        ("/conversions/0/money", json!("5"), "conversions[0].money"),
        ("/conversions/0/money", json!("0.00"), "conversions[0].money"),
        ("/rewards/0/handle", json!("a b"), "rewards[0].handle"),
        ("/rewards/-", json!({"handle": "birthday"}), "rewards[2].handle"),
        ("/rewards/0/expires_after", json!("P"), "rewards[0].expires_after"),
        ("/rewards/0/excludes/1", json!("tax"), "rewards[0].excludes[1]"),
        ("/rewards/0/minimum_spend", json!("20"), "rewards[0].minimum_spend"),
        ("/rewards/0/maximum_share", json!("0"), "rewards[0].maximum_share"),
        ("/rewards/0/maximum_share", json!("1.01"), "rewards[0].maximum_share"),
        ("/benefits/0/percent_off", json!("0"), "benefits[0].percent_off"),
        ("/benefits/0/percent_off", json!("100.1"), "benefits[0].percent_off"),
        ("/benefits/0/uses", json!(0), "benefits[0].uses"),
        ("/benefits/0/service", json!(true), "benefits[0]"),
        ("/benefits/1/service", json!(false), "benefits[1]"),
        ("/benefits/-", json!({"handle": "five", "amount_off": "0.00"}), "benefits[2].amount_off"),
        ("/credits/0/kind", json!("cash"), "credits[0].kind"),
        ("/credits/1/expires_after", json!("60"), "credits[1].expires_after"),
        ("/credits/1/handle", json!("store"), "credits[1].handle"),
        ("/gift_cards/0/credit", json!("store"), "gift_cards[0].credit"),
        ("/gift_cards/0/credit", json!("lost"), "gift_cards[0].credit"),
        ("/gift_cards/0/minimum", json!("0.00"), "gift_cards[0].minimum"),
        ("/gift_cards/0/maximum", json!("9.99"), "gift_cards[0].maximum"),
        ("/gift_cards/0/revert_after", json!("90"), "gift_cards[0].revert_after"),
    ] {
        check_faults(&[(pointer, to)], &[field]);
    }
    check_faults(&[("/rewards/0/maximum_share", json!("1"))], &[]);
    check_faults(&[("/benefits/0/percent_off", json!("100"))], &[]);
    check_faults(&[("/gift_cards/0/maximum", json!("10.00"))], &[]);
}

#[test]
fn program_lists_every_fault_at_once() {
    check_faults(
        &[("/currency", json!("XXX")), ("/time_zone", json!("Mars"))],
        &["currency", "time_zone"],
    );
    // A fault in one member hides none in the next.
    check_faults(
        &[
            ("/time_zone", json!("Mars")),
            ("/points/0/name", json!("")),
            ("/points/0/accrue_after", json!("x")),
            ("/points/0/expires", json!({"after": "x", "round_up_to": "x"})),
            ("/points/0/value", json!({"points": 1_u64 << 53, "money": "x"})),
            ("/points/0/clawback", json!("x")),
            (
                "/rates/0",
                json!({"handle": "", "points": "x", "per": "x", "earns": "x",
                       "when": {"from": "x", "until": "x", "tier": ["x"], "country": ["x"]}}),
            ),
            (
                "/multipliers/0",
                json!({"handle": "", "points": "x", "factor": "x",
                       "when": {"from": "x", "tier": ["x"]}}),
            ),
            (
                "/gift_cards/0",
                json!({"handle": "", "credit": "x", "minimum": "x", "maximum": "x",
                       "revert_after": "x", "expires_after": "x"}),
            ),
            ("/redemption/hold_for", json!("x")),
        ],
        &[
            "time_zone",
            "points[0].name",
            "points[0].accrue_after",
            "points[0].expires.after",
            "points[0].expires.round_up_to",
            "points[0].value.money",
            "points[0].value.points",
            "points[0].clawback",
            "rates[0].points",
            "rates[0].per",
            "rates[0].earns",
            "rates[0].handle",
            "rates[0].when.from",
            "rates[0].when.until",
            "rates[0].when.tier[0]",
            "rates[0].when.country[0]",
            "multipliers[0].points",
            "multipliers[0].factor",
            "multipliers[0].handle",
            "multipliers[0].when.from",
            "multipliers[0].when.tier[0]",
            "gift_cards[0].handle",
            "gift_cards[0].credit",
            "gift_cards[0].minimum",
            "gift_cards[0].maximum",
            "gift_cards[0].revert_after",
            "gift_cards[0].expires_after",
            "redemption.hold_for",
        ],
    );
}

fn redeemable(currency: &str, value: &Value) -> Result<Program, Vec<Fault>> {
    let document = json!({
        "currency": currency, "time_zone": "UTC",
        "points": [{"handle": "p", "name": "P", "kind": "reward", "value": value}],
    });
    Program::from_document(&serde_json::from_value(document).unwrap())
}

#[track_caller]
fn check_step(currency: &str, value: &Value, step_points: u64, step_minor: u64) {
    let program = redeemable(currency, value).unwrap();
    let expected = PointsValue { step_points: points(step_points), step_minor: minor(step_minor) };
    assert_eq!(program.points[0].value, Some(expected));
}

#[test]
fn step_is_the_fewest_points_worth_whole_minor_units_or_the_multiple() {
    check_step("AUD", &json!({"points": 100, "money": "1.00"}), 1, 1);
    check_step("AUD", &json!({"points": 200, "money": "1.00"}), 2, 1);
    check_step("AUD", &json!({"points": 1, "money": "1.00"}), 1, 100);
    check_step("AUD", &json!({"points": 3, "money": "1.00"}), 3, 100);
    check_step("AUD", &json!({"points": 150, "money": "1.00"}), 3, 2);
    check_step("JPY", &json!({"points": 100, "money": "1"}), 100, 1);
    check_step("JPY", &json!({"points": 100, "money": "50"}), 2, 1);
    check_step("KWD", &json!({"points": 100, "money": "1.000"}), 1, 10);
    check_step("KWD", &json!({"points": 3, "money": "1.000"}), 3, 1000);
    let multiple = |count: u64| json!({"points": 100, "money": "1.00", "multiple": count});
    check_step("AUD", &multiple(500), 500, 500);
    check_step("AUD", &multiple(1), 1, 1);
    let six = json!({"points": 3, "money": "1.00", "multiple": 6});
    check_step("AUD", &six, 6, 200);
    for (points, multiple) in [(3, 4), (3, 1), (200, 1), (200, 3)] {
        let value = json!({"points": points, "money": "1.00", "multiple": multiple});
        let faults = redeemable("AUD", &value).unwrap_err();
        assert_eq!(faults[0].field, "points[0].value.multiple");
        assert_eq!(faults.len(), 1);
    }
}

#[test]
fn points_value_counts_whole_steps_only() {
    let value = PointsValue { step_points: points(3), step_minor: minor(100) };
    for (count, worth, whole) in
        [(0, 0, true), (2, 0, false), (3, 100, true), (5, 100, false), (6, 200, true)]
    {
        assert_eq!(value.worth(points(count)), Some(minor(worth)), "{count}");
        assert_eq!(value.divides(points(count)), whole, "{count}");
    }
    for (available, due, most) in
        [(2, 1000, 0), (3, 99, 0), (3, 100, 3), (10, 1000, 9), (10, 299, 6), (0, 0, 0)]
    {
        assert_eq!(value.most(points(available), minor(due)), points(most), "{available} {due}");
    }
    let dear = PointsValue { step_points: points(1), step_minor: Minor::MAX };
    assert_eq!(dear.worth(points(1)), Some(Minor::MAX));
    assert_eq!(dear.worth(points(2)), None);
    assert_eq!(dear.most(Points::MAX, Minor::MAX), points(1));
}

/// Of rates that earn nothing but their handle, this one wins for a line in Melbourne, of
/// category `shirts`, bought by a silver member at 2026-06-15T00:00:00Z.
#[track_caller]
fn check_winner(rates: &[(&str, i32, Value)], winner: Option<&str>) {
    let rates = rates.iter().map(|(handle, priority, when)| {
        json!({"handle": handle, "points": "reward", "per": "1.00", "earns": "1",
               "priority": priority, "when": when})
    });
    let program = program_of(
        "AUD",
        json!({
            "points": [{"handle": "reward", "name": "R", "kind": "reward"},
                       {"handle": "tier", "name": "T", "kind": "tier"}],
            "tiers": {"points": "tier", "levels": [
                {"handle": "member", "attain": 0, "maintain": 0},
                {"handle": "silver", "attain": 500, "maintain": 400}]},
            "rates": rates.collect::<Vec<Value>>(),
        }),
    );
    let (location, category, tier) = (named("mel-01"), named("shirts"), named("silver"));
    let at = Circumstances {
        transacted_at: at("2026-06-15T00:00:00Z"),
        location: Some(&location),
        country: Some(named("AU")),
        category: Some(&category),
        tier: Some(&tier),
        birth_month: false,
    };
    let won = program.base_rate(&named("reward"), &at);
    assert_eq!(won.map(|rate| rate.handle.as_str()), winner);
    assert!(program.base_rate(&named("tier"), &at).is_none());
}

#[test]
fn base_rate_that_wins_is_most_specific_then_of_highest_priority_then_first_by_handle() {
    let any = || json!({});
    let here = || json!({"location": ["syd-01", "mel-01"]});
    let here_and_shirts = || json!({"location": ["mel-01"], "category": ["shirts"]});
    check_winner(&[], None);
    check_winner(&[("a", 0, any())], Some("a"));
    check_winner(&[("a", 99, any()), ("b", 0, here())], Some("b"));
    check_winner(&[("a", 0, here()), ("b", -1, here_and_shirts()), ("c", 9, here())], Some("b"));
    check_winner(&[("a", 0, here()), ("b", 1, here())], Some("b"));
    check_winner(&[("a", -1, here()), ("b", -2, here())], Some("a"));
    check_winner(&[("b", 1, here()), ("a", 1, here())], Some("a"));
    check_winner(&[("a", 1, here()), ("b", 1, here())], Some("a"));
    // A window counts once, with one end or with two.
    let window = json!({"from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"});
    check_winner(&[("a", 0, window.clone()), ("b", 1, here())], Some("b"));
    check_winner(&[("a", 0, window), ("b", 0, any())], Some("a"));
    for end in [json!({"from": "2026-01-01T00:00:00Z"}), json!({"until": "2027-01-01T00:00:00Z"})] {
        check_winner(&[("a", 0, end.clone()), ("b", 1, here())], Some("b"));
        check_winner(&[("a", 0, end), ("b", 1, any())], Some("a"));
    }
}

#[test]
fn rate_applies_only_while_all_its_conditions_hold() {
    for (when, applies) in [
        (json!({"location": ["mel-01"]}), true),
        (json!({"location": ["syd-01"]}), false),
        (json!({"country": ["NZ", "AU"]}), true),
        (json!({"country": ["NZ"]}), false),
        (json!({"category": ["shirts"]}), true),
        (json!({"category": ["shoes"]}), false),
        (json!({"tier": ["silver"]}), true),
        (json!({"tier": ["member"]}), false),
        (json!({"location": ["mel-01"], "tier": ["member"]}), false),
        (json!({"from": "2026-06-15T00:00:00Z"}), true),
        (json!({"from": "2026-06-15T00:00:00.001Z"}), false),
        (json!({"until": "2026-06-15T00:00:00.001Z"}), true),
        (json!({"until": "2026-06-15T00:00:00Z"}), false),
    ] {
        check_winner(&[("a", 0, when)], applies.then_some("a"));
    }
}

#[test]
fn multipliers_compose_under_the_cap() {
    #[track_caller]
    fn check(factors: &[&str], cap: Option<&str>, expected: &str) {
        let multipliers = factors.iter().enumerate().map(|(index, factor)| {
            json!({"handle": format!("m{index}"), "points": "reward", "factor": factor})
        });
        let program = program_of(
            "AUD",
            json!({
                "points": [{"handle": "reward", "name": "R", "kind": "reward"}],
                "multipliers": multipliers.collect::<Vec<Value>>(),
                "multiplier_cap": cap,
            }),
        );
        let at = Circumstances {
            transacted_at: Instant::EPOCH,
            location: None,
            country: None,
            category: None,
            tier: None,
            birth_month: false,
        };
        let expected: Result<Rate, NotARate> = Rate::parse(expected);
        assert_eq!(Ok(program.multiplier(&named("reward"), &at)), expected);
        assert_eq!(program.multiplier(&named("other"), &at), Rate::one());
    }
    check(&[], Some("5"), "1");
    check(&["2"], Some("5"), "2");
    check(&["2", "1.5"], Some("5"), "3");
    check(&["2", "2.5"], Some("5"), "5");
    check(&["2", "2.51"], Some("5"), "5");
    check(&["2", "3"], Some("5"), "5");
    check(&["2", "3"], None, "6");
    check(&["2", "0.5", "0"], None, "0");
}

#[track_caller]
fn check_expiry(accrue_at: &str, after: &str, unit: CalendarUnit, zone: &str, expected: &str) {
    let expiry = Expiry { after: named(after), round_up_to: unit };
    let zone = Zone::try_from(zone.to_owned()).unwrap();
    let expires_at = expiry.of(at(accrue_at), &zone).unwrap();
    assert_eq!(expires_at.to_string(), expected);
}

#[test]
fn expiry_ends_with_the_day_or_month_of_the_zone() {
    use CalendarUnit::{Day, Month};
    let melbourne = "Australia/Melbourne";
    let accrue_at = "2026-12-05T03:04:05Z";
    check_expiry(accrue_at, "P12M", Month, melbourne, "2027-12-31T13:00:00Z");
    check_expiry(accrue_at, "P12M", Day, melbourne, "2027-12-05T13:00:00Z");
    // Twelve hours behind UTC: a day begins at noon UTC.
    let behind = "Etc/GMT+12";
    let accrue_at = "2026-12-31T11:59:59.999Z";
    check_expiry(accrue_at, "P1M", Day, behind, "2027-01-31T12:00:00Z");
    check_expiry(accrue_at, "P1M", Month, behind, "2027-02-01T12:00:00Z");
    let accrue_at = "2026-12-31T12:00:00Z";
    check_expiry(accrue_at, "P1M", Day, behind, "2027-02-01T12:00:00Z");
    check_expiry(accrue_at, "P1M", Month, behind, "2027-02-01T12:00:00Z");
    // Fourteen hours ahead: a day begins at ten in the morning UTC, of the day before.
    let ahead = "Pacific/Kiritimati";
    let accrue_at = "2026-12-31T09:59:59.999Z";
    check_expiry(accrue_at, "P1M", Day, ahead, "2027-01-31T10:00:00Z");
    check_expiry(accrue_at, "P1M", Month, ahead, "2027-01-31T10:00:00Z");
    let accrue_at = "2026-12-31T10:00:00Z";
    check_expiry(accrue_at, "P1M", Day, ahead, "2027-02-01T10:00:00Z");
    check_expiry(accrue_at, "P1M", Month, ahead, "2027-02-28T10:00:00Z");
    // Summer time begins in Melbourne on 4 October 2026: midnight moves from 14:00 to 13:00 UTC.
    let accrue_at = "2026-10-02T13:59:59.999Z";
    check_expiry(accrue_at, "P1D", Day, melbourne, "2026-10-03T14:00:00Z");
    let accrue_at = "2026-10-02T14:00:00Z";
    check_expiry(accrue_at, "P1D", Day, melbourne, "2026-10-04T13:00:00Z");
    let accrue_at = "2026-10-03T13:30:00Z";
    check_expiry(accrue_at, "P1D", Day, melbourne, "2026-10-04T13:00:00Z");
    check_expiry(accrue_at, "PT24H", Day, melbourne, "2026-10-05T13:00:00Z");
    let accrue_at = "2026-09-10T00:00:00Z";
    check_expiry(accrue_at, "P1M", Month, melbourne, "2026-10-31T13:00:00Z");
}

#[track_caller]
fn check_successor(changes: &[(&str, Value)], faults: &[(&str, &str)]) {
    let mut value: Value = serde_json::from_str(SAMPLE).unwrap();
    for (pointer, to) in changes {
        set(&mut value, pointer, to.clone());
    }
    let next: Document = serde_json::from_value(value).unwrap();
    let found = faults_as_successor(&next, &document());
    let found: Vec<(&str, &str)> =
        found.iter().map(|fault| (fault.field.as_str(), fault.detail.as_str())).collect();
    assert_eq!(found, faults);
}

#[test]
fn successor_takes_nothing_away_that_members_may_hold() {
    check_successor(&[], &[]);
    check_successor(
        &[
            ("/time_zone", json!("UTC")),
            ("/rates", json!([])),
            ("/multipliers", json!([])),
            ("/conversions", json!([])),
            ("/points/2/retired", json!(true)),
            ("/points/-", json!({"handle": "new", "name": "New", "kind": "action"})),
        ],
        &[],
    );
    check_successor(
        &[("/currency", json!("NZD"))],
        &[("currency", "must stay AUD: members hold value in it")],
    );
    check_successor(
        &[("/points/2/kind", json!("reward"))],
        &[("points", "`survey` must stay of kind \"action\"")],
    );
    check_successor(
        &[("/credits/1/kind", json!("store"))],
        &[("credits", "`welcome` must stay of kind \"promotional\"")],
    );
    let gone =
        |handle: &str| format!("must still have `{handle}`: mark it \"retired\": true instead");
    check_successor(
        &[
            ("/points/2/handle", json!("poll")),
            ("/tiers", json!(null)),
            ("/rewards", json!([])),
            ("/benefits/1/handle", json!("hem")),
            ("/credits/0/handle", json!("shop")),
            ("/gift_cards", json!([])),
        ],
        &[
            ("points", &gone("survey")),
            ("tiers.levels", &gone("member")),
            ("tiers.levels", &gone("silver")),
            ("rewards", &gone("birthday")),
            ("rewards", &gone("points-reward")),
            ("benefits", &gone("free-hem")),
            ("credits", &gone("store")),
            ("gift_cards", &gone("standard")),
        ],
    );
}
