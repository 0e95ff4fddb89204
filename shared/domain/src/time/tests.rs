use super::*;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn zone(name: &str) -> Zone {
    Zone::try_from(name.to_owned()).unwrap()
}

#[track_caller]
fn check_after(start: &str, period: &str, name: &str, expected: &str) {
    let period: Period = period.parse().unwrap();
    assert_eq!(period.after(at(start), &zone(name)).unwrap().to_string(), expected);
}

#[test]
fn period_counts_days_and_months_on_the_zones_calendar() {
    check_after("2026-11-21T03:04:05Z", "P14D", "Australia/Melbourne", "2026-12-05T03:04:05Z");
    // Clocks go back on 5 April 2026 in Melbourne: the day has 25 hours.
    check_after("2026-04-04T02:00:00Z", "P1D", "Australia/Melbourne", "2026-04-05T03:00:00Z");
    check_after("2026-04-04T02:00:00Z", "PT24H", "Australia/Melbourne", "2026-04-05T02:00:00Z");
    // A leap day plus a year, and the last of January plus a month.
    check_after("2028-02-29T12:00:00Z", "P12M", "UTC", "2029-02-28T12:00:00Z");
    check_after("2027-01-31T12:00:00Z", "P1M", "UTC", "2027-02-28T12:00:00Z");
    // Neither 02:30 nor 02:07:08 exists in Berlin on 29 March 2026.
    check_after("2026-03-28T01:30:00Z", "P1D", "Europe/Berlin", "2026-03-29T01:00:00Z");
    check_after("2026-03-28T01:07:08Z", "P1D", "Europe/Berlin", "2026-03-29T01:00:00Z");
    // 02:30 is there twice on 25 October 2026.
    check_after("2026-10-24T00:30:00Z", "P1D", "Europe/Berlin", "2026-10-25T00:30:00Z");
    // The rules of today hold for as long as the calendar does.
    check_after("2126-07-01T00:00:00Z", "P6M", "Europe/Berlin", "2127-01-01T01:00:00Z");
    check_after("2026-01-01T00:00:00Z", "P1W", "UTC", "2026-01-08T00:00:00Z");
}

#[track_caller]
fn check_day_end(instant: &str, name: &str, expected: &str) {
    assert_eq!(zone(name).end_of_day(at(instant)).unwrap().to_string(), expected);
}

#[test]
fn day_ends_at_the_first_instant_of_the_next() {
    check_day_end("2026-11-21T12:59:59.999Z", "Australia/Melbourne", "2026-11-21T13:00:00Z");
    check_day_end("2026-11-21T13:00:00Z", "Australia/Melbourne", "2026-11-22T13:00:00Z");
    check_day_end("2026-12-31T09:59:59Z", "Pacific/Kiritimati", "2026-12-31T10:00:00Z");
    check_day_end("2027-01-01T11:59:59Z", "Etc/GMT+12", "2027-01-01T12:00:00Z");
    // Midnight of 25 April 2025 does not exist in Cairo: the day starts at one o'clock.
    check_day_end("2025-04-24T12:00:00Z", "Africa/Cairo", "2025-04-24T22:00:00Z");
    // Samoa went without 30 December 2011.
    check_day_end("2011-12-30T09:00:00Z", "Pacific/Apia", "2011-12-30T10:00:00Z");
}

#[test]
fn clocks_show_what_they_skip_never_and_the_last_hour_of_summer_twice() {
    let shown = |text: &str, name| {
        let local = text.parse().unwrap();
        zone(name).instant_at(local).map(String::from)
    };
    let at = |instant: &str| Some(instant.to_owned());
    assert_eq!(shown("2026-03-29T01:59:59.999", "Europe/Berlin"), at("2026-03-29T00:59:59.999Z"));
    assert_eq!(shown("2026-03-29T02:00:00", "Europe/Berlin"), None);
    assert_eq!(shown("2026-03-29T02:59:59.999", "Europe/Berlin"), None);
    assert_eq!(shown("2026-03-29T03:00:00", "Europe/Berlin"), at("2026-03-29T01:00:00Z"));
    assert_eq!(shown("2026-10-25T02:30:00", "Europe/Berlin"), at("2026-10-25T00:30:00Z"));
    assert_eq!(shown("2011-12-30T12:00:00", "Pacific/Apia"), None);
}

#[test]
fn zone_has_one_name() {
    for name in ["UTC", "Etc/UTC", "Europe/London", "GB", "Africa/Asmara"] {
        assert_eq!(String::from(zone(name)), name);
    }
    assert_eq!(zone("UTC"), Zone::utc());
    for bad in ["", "utc", "europe/london", "Europe/Nowhere", "Etc/Unknown", "+10:00"] {
        assert!(Zone::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}

#[test]
fn month_ends_at_the_first_instant_of_the_next() {
    let melbourne = zone("Australia/Melbourne");
    let end = melbourne.end_of_month(at("2027-12-05T03:04:05Z")).unwrap();
    assert_eq!(end.to_string(), "2027-12-31T13:00:00Z");
    assert_eq!(melbourne.end_of_month(end).unwrap().to_string(), "2028-01-31T13:00:00Z");
}

#[test]
fn period_refuses_what_is_not_a_duration() {
    for bad in [
        "",
        "P",
        "14D",
        "P14",
        "P14Dx",
        "P-1D",
        "P1.5D",
        "PT0.5S",
        "P101Y",
        "P2015-11-03T21:56:00",
        "p14d",
    ] {
        assert!(bad.parse::<Period>().is_err(), "{bad}");
    }
    assert!("P0D".parse::<Period>().unwrap().is_zero());
    assert!(!"PT1S".parse::<Period>().unwrap().is_zero());
}

#[test]
fn period_is_at_most_a_hundred_years_in_each_of_its_parts() {
    for (longest, longer) in [
        ("P100Y", "P100Y1M"),
        ("P1200M", "P1201M"),
        ("P36600D", "P36601D"),
        ("P5228W", "P5229W"),
        ("PT878400H", "PT878400H1S"),
        ("PT3162240000S", "PT3162240001S"),
        ("P100Y36600DT878400H", "P100Y36600DT878401H"),
    ] {
        assert!(longest.parse::<Period>().is_ok(), "{longest}");
        assert!(longer.parse::<Period>().is_err(), "{longer}");
    }
}

#[test]
fn seconds_between_are_whole_and_never_negative() {
    for (later, seconds) in [
        ("2026-11-21T03:04:05.500Z", 0),
        ("2026-11-21T03:04:06.499Z", 0),
        ("2026-11-21T03:04:06.500Z", 1),
        ("2026-11-21T04:04:05.500Z", 3600),
        ("2026-11-21T03:04:04.500Z", 0),
    ] {
        let found = at(later).seconds_since(at("2026-11-21T03:04:05.500Z"));
        assert_eq!(found, seconds, "{later}");
    }
}

#[test]
fn calendar_ends_with_the_year_9999() {
    let second_last = at("9999-12-31T23:59:58.999Z");
    assert_eq!(second_last.plus_seconds(1), Some(Instant::END));
    assert_eq!(second_last.plus_seconds(2), None);
    assert_eq!(Instant::from_millis(Instant::END.millis() + 1), None);
    let first = at("0000-01-01T00:00:00Z");
    assert_eq!(Instant::from_millis(first.millis()), Some(first));
    assert_eq!(Instant::from_millis(first.millis() - 1), None);
    for (name, month) in [("UTC", 12), ("Australia/Melbourne", 1), ("America/New_York", 12)] {
        assert_eq!(zone(name).end_of_day(Instant::END), None, "{name}");
        assert_eq!(zone(name).month(Instant::END), month, "{name}");
        assert!(zone(name).end_of_month(first).is_some(), "{name}");
    }
}

#[test]
fn instant_reads_any_offset_and_writes_utc() {
    assert_eq!(at("2026-11-21T14:04:05+11:00").to_string(), "2026-11-21T03:04:05Z");
    assert_eq!(at("2026-11-21T03:04:05.6789Z").to_string(), "2026-11-21T03:04:05.678Z");
    assert_eq!(String::from(at("2028-02-29T00:00:00Z")), "2028-02-29T00:00:00Z");
    for bad in ["2026-11-21", "2027-02-29T00:00:00Z", "2026-11-21T03:04:05", "now", ""] {
        assert!(bad.parse::<Instant>().is_err(), "{bad}");
    }
}
