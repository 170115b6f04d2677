//! Due times across the gaps and overlaps of real clocks.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Duration, NaiveDateTime, Offset, TimeZone, Timelike, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::{Calendar, CalendarError, next_instants};

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}:00Z").parse().unwrap()
}

fn due(cron: &str, zone: &str, after: &str, until: &str) -> Vec<String> {
    let calendar = Calendar::parse(cron, zone).unwrap();
    calendar.between(at(after), at(until)).map(|due| due.format("%dT%H:%M").to_string()).collect()
}

#[test]
fn new_york_skips_an_hour_and_a_time_in_it_means_the_first_instant_after() {
    // 2026-03-08 02:00 EST is 03:00 EDT, at 07:00 UTC.
    let day = |cron| due(cron, "America/New_York", "2026-03-08T05:00", "2026-03-08T09:00");
    assert_eq!(day("30 2 * * *"), ["08T07:00"]);
    assert_eq!(day("0 3 * * *"), ["08T07:00"]);
    assert_eq!(day("15,45 2 * * *"), ["08T07:00"], "a list inside the gap is one instant");
    assert_eq!(day("30 2,3 * * *"), ["08T07:00", "08T07:30"]);
    assert_eq!(
        day("*/30 * * * *"),
        ["08T05:30", "08T06:00", "08T06:30", "08T07:00", "08T07:30", "08T08:00", "08T08:30", "08T09:00"]
    );
}

#[test]
fn new_york_repeats_an_hour_and_a_named_hour_means_its_first_pass() {
    // 2026-11-01 02:00 EDT is 01:00 EST, at 06:00 UTC.
    let day = |cron| due(cron, "America/New_York", "2026-11-01T04:00", "2026-11-01T08:00");
    assert_eq!(day("30 1 * * *"), ["01T05:30"]);
    assert_eq!(day("0 2 * * *"), ["01T07:00"]);
    assert_eq!(day("30 * * * *"), ["01T04:30", "01T05:30", "01T06:30", "01T07:30"]);
    assert_eq!(day("30 */1 * * *"), ["01T04:30", "01T05:30", "01T06:30", "01T07:30"]);
    assert_eq!(day("0,30 0-1 * * *"), ["01T04:30", "01T05:00", "01T05:30"], "a range names its hours");
}

#[test]
fn a_second_pass_is_found_from_within_the_first() {
    let calendar = Calendar::parse("30 * * * *", "America/New_York").unwrap();
    let from = |after: &str| calendar.after(at(after)).next().unwrap();
    assert_eq!(from("2026-11-01T05:30"), at("2026-11-01T06:30"));
    assert_eq!(from("2026-11-01T05:45"), at("2026-11-01T06:30"));
}

#[test]
fn lord_howe_shifts_by_half_an_hour() {
    // 2026-10-04 02:00 +10:30 is 02:30 +11, at 15:30 UTC the day before; back on 2026-04-05 at 15:00 UTC the day before.
    let spring = |cron| due(cron, "Australia/Lord_Howe", "2026-10-03T14:00", "2026-10-03T16:30");
    assert_eq!(spring("15 2 * * *"), ["03T15:30"]);
    assert_eq!(spring("30 2 * * *"), ["03T15:30"]);
    assert_eq!(spring("*/15 2 * * *"), ["03T15:30", "03T15:45"]);
    let autumn = |cron| due(cron, "Australia/Lord_Howe", "2026-04-04T14:00", "2026-04-04T16:00");
    assert_eq!(autumn("45 1 * * *"), ["04T14:45"]);
    assert_eq!(autumn("45 * * * *"), ["04T14:45", "04T15:15"]);
    assert_eq!(
        autumn("*/15 * * * *"),
        ["04T14:15", "04T14:30", "04T14:45", "04T15:00", "04T15:15", "04T15:30", "04T15:45", "04T16:00"]
    );
}

#[test]
fn apia_skips_a_day_and_a_time_on_it_means_the_next_midnight() {
    // 2011-12-30 never was: 29 December 24:00 -10 is 31 December 00:00 +14, at 10:00 UTC on the 30th.
    let days = |cron| due(cron, "Pacific/Apia", "2011-12-29T00:00", "2011-12-31T23:00");
    assert_eq!(days("0 9 * * *"), ["29T19:00", "30T10:00", "30T19:00", "31T19:00"]);
    assert_eq!(days("0 9 30 12 *"), ["30T10:00"]);
    assert_eq!(days("0 0 31 12 *"), ["30T10:00"]);
    assert_eq!(days("0 */12 30,31 12 *"), ["30T10:00", "30T22:00"]);
}

#[test]
fn a_midnight_that_the_clock_skips_is_the_first_instant_of_the_day() {
    // In Beirut 2026-03-29 began at 01:00.
    assert_eq!(due("@daily", "Asia/Beirut", "2026-03-28T12:00", "2026-03-29T12:00"), ["28T22:00"]);
}

#[test]
fn patterns_know_last_days_nearest_weekdays_and_the_nth_of_a_kind() {
    let next = |cron| next_instants(cron, "UTC", at("2026-01-15T00:00"), 2).unwrap();
    assert_eq!(next("0 0 L * *"), [at("2026-01-31T00:00"), at("2026-02-28T00:00")]);
    assert_eq!(next("0 0 * * FRI#3"), [at("2026-01-16T00:00"), at("2026-02-20T00:00")]);
    assert_eq!(next("0 0 15W 2 *")[0], at("2026-02-16T00:00"));
    assert_eq!(next("0 0 29 2 *"), [at("2028-02-29T00:00"), at("2032-02-29T00:00")]);
}

#[test]
fn what_never_comes_and_what_is_no_pattern_is_refused() {
    for never in ["0 0 30 2 *", "0 0 31 4,6,9,11 *", ", 0 * * *"] {
        assert_eq!(Calendar::parse(never, "UTC").unwrap_err(), CalendarError::Never, "{never}");
    }
    for wrong in
        ["", "* * * *", "* * * * * *", "60 * * * *", "@reboot", "0 0 * * MONDAY", "a b c d e", "*/0 * * * *"]
    {
        assert!(matches!(Calendar::parse(wrong, "UTC"), Err(CalendarError::Cron(_))), "{wrong}");
    }
    assert_eq!(Calendar::parse("@daily", "CEST").unwrap_err(), CalendarError::Zone);
}

#[test]
fn the_latest_are_the_end_of_all_of_them() {
    let calendar = Calendar::parse("*/20 9-17 * * MON-FRI", "Europe/Berlin").unwrap();
    let (after, until) = (at("2026-03-20T00:00"), at("2026-04-02T11:11"));
    let all: Vec<_> = calendar.between(after, until).collect();
    for count in [0, 1, 2, 30, all.len(), all.len() + 5] {
        assert_eq!(calendar.latest(after, until, count), all[all.len().saturating_sub(count)..], "{count}");
    }
    assert!(calendar.latest(until, after, 5).is_empty());
}

/// Which of two passes of a time counts.
#[derive(PartialEq)]
enum Passes {
    First,
    Both,
}

/// A pattern, and the same by hand.
type Pattern = (&'static str, Passes, fn(NaiveDateTime) -> bool);

/// What the rule says, minute by minute and without cleverness: the instants at which the clock shows a matching time,
/// the first only where hours are named, and the ends of gaps in which a matching time was skipped.
fn by_the_minute(
    (_, passes, matches): &Pattern,
    zone: Tz,
    after: DateTime<Utc>,
    until: DateTime<Utc>,
) -> BTreeSet<DateTime<Utc>> {
    let mut found = BTreeSet::new();
    let wall = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local();
    let mut now = after + Duration::minutes(1);
    while now <= until {
        let (here, before) = (wall(now), wall(now - Duration::minutes(1)));
        let seen = *passes == Passes::First
            && matches!(zone.from_local_datetime(&here), chrono::MappedLocalTime::Ambiguous(first, _) if first.to_utc() < now);
        let mut skipped = before + Duration::minutes(1);
        let mut hit = matches(here) && !seen;
        while skipped < here {
            hit |= matches(skipped);
            skipped += Duration::minutes(1);
        }
        if hit {
            found.insert(now);
        }
        now += Duration::minutes(1);
    }
    found
}

#[test]
fn a_year_of_minutes_agrees_in_zones_whose_clocks_jump() {
    let zones = [
        "America/New_York",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "America/Scoresbysund",
        "Antarctica/Troll",
    ];
    let patterns: [Pattern; 4] = [
        ("*/30 * * * *", Passes::Both, |t| t.minute() % 30 == 0),
        ("15 1-3 * * *", Passes::First, |t| t.minute() == 15 && (1..=3).contains(&t.hour())),
        ("0,30 */2 * * *", Passes::Both, |t| t.minute() % 30 == 0 && t.hour() % 2 == 0),
        ("45 23 * * SUN", Passes::First, |t| {
            t.minute() == 45 && t.hour() == 23 && t.weekday() == chrono::Weekday::Sun
        }),
    ];
    for zone in zones {
        let tz: Tz = zone.parse().unwrap();
        let offset = |at: DateTime<Utc>| at.with_timezone(&tz).offset().fix().local_minus_utc();
        // Only the weeks in which the clock jumps.
        let weeks = (0..52).map(|week| at("2026-01-01T00:00") + Duration::days(7 * week));
        for week in weeks.filter(|week| offset(*week) != offset(*week + Duration::days(7))) {
            let until = week + Duration::days(7);
            for pattern in &patterns {
                let expected = by_the_minute(pattern, tz, week, until);
                let found: Vec<_> = Calendar::parse(pattern.0, zone).unwrap().between(week, until).collect();
                assert_eq!(
                    found,
                    expected.into_iter().collect::<Vec<_>>(),
                    "{} in {zone} from {week}",
                    pattern.0
                );
            }
        }
    }
}

/// Every jump of the zone's clock, to the second. Due times follow from these alone, so zones that have them in common are
/// one zone for a test.
fn jumps(zone: Tz, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(DateTime<Utc>, i32)> {
    let offset = |at: DateTime<Utc>| at.with_timezone(&zone).offset().fix().local_minus_utc();
    let mut found = vec![(after, offset(after))];
    let mut now = after;
    while now < until {
        let next = now + Duration::hours(12);
        if offset(now) != offset(next) {
            let (mut low, mut high) = (now, next);
            while high - low > Duration::seconds(1) {
                let middle = low + (high - low) / 2;
                (low, high) = if offset(middle) == offset(now) { (middle, high) } else { (low, middle) };
            }
            found.push((high, offset(next)));
        }
        now = next;
    }
    found
}

#[test]
fn in_every_zone_three_years_of_due_times_rise_and_none_comes_twice() {
    let (after, until) = (at("2024-12-31T00:00"), at("2028-01-02T00:00"));
    assert!(TZ_VARIANTS.len() >= 590);
    let clocks: BTreeMap<_, Tz> =
        TZ_VARIANTS.into_iter().map(|zone| (jumps(zone, after, until), zone)).collect();
    assert!((60..300).contains(&clocks.len()), "{}", clocks.len());
    for zone in clocks.into_values() {
        for (cron, fewest, most) in
            [("30 2 * * *", 1095, 1099), ("0 */12 * * *", 2190, 2200), ("*/30 1-3 * * SUN", 780, 1000)]
        {
            let calendar = Calendar::parse(cron, zone.name()).unwrap();
            let mut last = after;
            let mut count = 0;
            for due in calendar.between(after, until) {
                assert!(due > last, "{cron} in {zone}: {due} after {last}");
                (last, count) = (due, count + 1);
            }
            assert!((fewest..=most).contains(&count), "{cron} in {zone}: {count}");
        }
    }
}
