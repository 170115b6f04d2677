//! Times on the wall clock: at nine, half past seven in the evening, every other hour, the first Monday of the month.

use crate::interview::rules::word::{Manner, Sort, Word, number};

const WEEK: &[&str] = &["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
const DAYS: &[&str] = &["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The day of the week that a word names, from 0 for Monday.
pub(in crate::interview) fn weekday(low: &str) -> Option<usize> {
    let low = low.strip_suffix('s').filter(|bare| bare.ends_with("day")).unwrap_or(low);
    DAYS.iter().position(|day| *day == low).or_else(|| {
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
            .iter()
            .position(|short| *short == low && low != "sat" && low != "sun")
    })
}

/// What was said of a schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::interview) struct Timing {
    /// All five fields, for what repeats within a day.
    pub cron: Option<String>,
    /// Minute and hour.
    pub clock: Option<String>,
    /// Day of month, month, day of week.
    pub days: Option<String>,
    /// Something that a schedule cannot say.
    pub cannot: Option<&'static str>,
}

impl Timing {
    /// Whether nothing was said.
    pub(in crate::interview) const fn is_empty(&self) -> bool {
        self.cron.is_none() && self.clock.is_none() && self.days.is_none() && self.cannot.is_none()
    }
}

/// What the words say of times. In an answer a number on its own is a time too.
pub(in crate::interview) fn timing(words: &[Word], manner: Manner) -> Timing {
    let plain: Vec<&Word> = words.iter().filter(|word| word.sort == Sort::Plain).collect();
    let lows: Vec<&str> = plain.iter().map(|word| word.low.as_str()).collect();
    if lows.windows(2).any(|pair| matches!(pair, ["every" | "each", "other"]))
        || lows.iter().any(|low| matches!(*low, "biweekly" | "fortnightly"))
    {
        return Timing {
            cannot: Some(
                "A schedule cannot run every other day or week; say which days, such as “every Monday”.",
            ),
            ..Timing::default()
        };
    }
    Timing { cron: interval(&lows), clock: clock(&lows, manner), days: days(&lows), cannot: None }
}

/// What repeats within a day.
fn interval(lows: &[&str]) -> Option<String> {
    if lows.contains(&"hourly") {
        return Some("0 * * * *".to_owned());
    }
    let at = lows.iter().position(|low| matches!(*low, "every" | "each"))?;
    match lows.get(at.saturating_add(1)..)? {
        ["hour", ..] => Some("0 * * * *".to_owned()),
        ["minute", ..] => Some("* * * * *".to_owned()),
        ["half" | "half-hour", ..] => Some("*/30 * * * *".to_owned()),
        ["quarter", "of", "an", "hour", ..] | ["quarter", "hour", ..] => Some("*/15 * * * *".to_owned()),
        [count, "minutes" | "mins" | "min", ..] => number(count)
            .filter(|count| (1..60).contains(count) && 60 % count == 0)
            .map(|count| format!("*/{count} * * * *")),
        [count, "hours" | "hrs", ..] => number(count)
            .filter(|count| (1..24).contains(count) && 24 % count == 0)
            .map(|count| format!("0 */{count} * * *")),
        _ => None,
    }
}

/// The time of the day, as minute and hour.
fn clock(lows: &[&str], manner: Manner) -> Option<String> {
    let afternoon =
        lows.iter().any(|low| matches!(*low, "afternoon" | "evening" | "pm" | "p.m." | "tonight" | "night"));
    let morning = lows.iter().any(|low| matches!(*low, "morning" | "am" | "a.m."));
    let written = |hour: u64, minute: u64| {
        let hour = match hour {
            1..=11 if afternoon && !morning => hour.saturating_add(12),
            12 if morning => 0,
            _ => hour,
        };
        (hour < 24 && minute < 60).then(|| format!("{minute} {hour}"))
    };
    let mut times = Vec::new();
    for (at, low) in lows.iter().enumerate() {
        let before = |n: usize| at.checked_sub(n).and_then(|at| lows.get(at)).copied().unwrap_or_default();
        let after = |n: usize| lows.get(at.saturating_add(n)).copied().unwrap_or_default();
        if matches!(*low, "noon" | "midday") {
            return Some("0 12".to_owned());
        }
        if *low == "midnight" {
            return Some("0 0".to_owned());
        }
        if let Some(hour) = number(low).filter(|hour| *hour < 24)
            && matches!(before(1), "past" | "to")
        {
            let part = match before(2) {
                "half" => Some(30),
                "quarter" => Some(15),
                minutes => number(minutes),
            };
            if let Some(part) = part.filter(|part| (1..60).contains(part)) {
                return if before(1) == "past" {
                    written(hour, part)
                } else {
                    written(hour.checked_sub(1)?, 60_u64.saturating_sub(part))
                };
            }
        }
        if let Some(time) = figures(low, &written) {
            return Some(time);
        }
        let said_at = matches!(before(1), "at" | "by" | "around" | "@" | "make" | "it");
        let clocked = matches!(after(1), "am" | "pm" | "a.m." | "p.m." | "o'clock" | "oclock")
            || (matches!(after(1), "in")
                && after(2) == "the"
                && matches!(after(3), "morning" | "evening" | "afternoon"));
        if let Some(hour) = number(low).filter(|hour| *hour < 24).filter(|_| {
            said_at
                || clocked
                || (manner == Manner::Answer && lows.len() <= 6 && !is_ordinal_context(before(1), after(1)))
        }) {
            let minute = number(after(1)).filter(|minute| *minute < 60 && *minute >= 5).unwrap_or(0);
            times.extend(written(hour, minute));
        }
    }
    times.into_iter().next()
}

fn is_ordinal_context(before: &str, after: &str) -> bool {
    matches!(before, "every" | "the") || matches!(after, "minutes" | "hours" | "days" | "of" | "weeks")
}

/// `9:30`, `17:00`, `9am`, `4.30pm`, `0730`.
fn figures(low: &str, written: &dyn Fn(u64, u64) -> Option<String>) -> Option<String> {
    let (body, half) = match low.strip_suffix("pm").or_else(|| low.strip_suffix("p.m.")) {
        Some(body) => (body, Some(true)),
        None => match low.strip_suffix("am").or_else(|| low.strip_suffix("a.m.")) {
            Some(body) => (body, Some(false)),
            None => (low.strip_suffix('h').unwrap_or(low), None),
        },
    };
    let (hour, minute) = match body.split_once([':', '.', 'h']) {
        Some((hour, minute)) if minute.len() == 2 => (hour.parse::<u64>().ok()?, minute.parse::<u64>().ok()?),
        None if half.is_some() => (body.parse().ok()?, 0),
        Some(_) | None => return None,
    };
    match half {
        Some(true) if hour < 12 => (minute < 60).then(|| format!("{minute} {}", hour.saturating_add(12))),
        Some(true) if hour == 12 => Some(format!("{minute} 12")),
        Some(false) if hour == 12 => Some(format!("{minute} 0")),
        Some(false) => (hour < 12 && minute < 60).then(|| format!("{minute} {hour}")),
        Some(true) | None => written(hour, minute),
    }
}

/// The days, as day of month, month and day of week.
fn days(lows: &[&str]) -> Option<String> {
    let has = |any: &[&str]| lows.iter().any(|low| any.contains(low));
    let month = month(lows);
    let of_month = has(&["month", "monthly", "months"]) || month != "*";
    let named: Vec<usize> = {
        let mut named: Vec<usize> = lows.iter().filter_map(|low| weekday(low)).collect();
        named.sort_unstable();
        named.dedup();
        named
    };
    let short = |day: usize| WEEK.get(day).copied().unwrap_or("MON");
    if let Some(nth) = lows.iter().find_map(|low| nth(low))
        && let [day] = named.as_slice()
        && (of_month || lows.iter().any(|low| self::nth(low).is_some()))
        && !has(&["quarter"])
    {
        return Some(format!("* {month} {}#{nth}", short(*day)));
    }
    if has(&["quarterly", "quarter"]) && !has(&["past", "to", "hour"]) {
        return Some("1 1,4,7,10 *".to_owned());
    }
    if has(&["last"]) && has(&["day"]) && of_month {
        return Some(format!("L {month} *"));
    }
    if has(&["first"]) && has(&["day"]) && of_month {
        return Some(format!("1 {month} *"));
    }
    if let Some(day) = lows.iter().find_map(|low| ordinal(low)).filter(|_| of_month || has(&["the"])) {
        return Some(format!("{day} {month} *"));
    }
    if !named.is_empty() {
        return Some(format!("* {month} {}", week_days(&named, lows)));
    }
    if has(&["weekday", "weekdays", "workday", "workdays"])
        || lows
            .windows(2)
            .any(|pair| matches!(pair, ["working" | "business" | "work" | "week", "day" | "days"]))
    {
        return Some(format!("* {month} MON-FRI"));
    }
    if has(&["weekend", "weekends"]) {
        return Some(format!("* {month} SAT,SUN"));
    }
    if has(&["daily", "nightly", "everyday"])
        || lows.windows(2).any(|pair| {
            matches!(pair, ["every" | "each", "day" | "morning" | "evening" | "night" | "afternoon"])
        })
    {
        return Some(format!("* {month} *"));
    }
    None
}

fn week_days(named: &[usize], lows: &[&str]) -> String {
    let short = |day: &usize| WEEK.get(*day).copied().unwrap_or("MON");
    let through = lows.windows(3).any(|three| match three {
        [from, "to" | "through" | "till" | "until", to] => weekday(from).is_some() && weekday(to).is_some(),
        _ => false,
    });
    match named {
        [from, to] if through => format!("{}-{}", short(from), short(to)),
        days => days.iter().map(short).collect::<Vec<_>>().join(","),
    }
}

fn month(lows: &[&str]) -> String {
    let named: Vec<String> = lows
        .iter()
        .enumerate()
        // `may` is a month only where a day stands before it.
        .filter(|(at, low)| {
            **low != "may"
                || at
                    .checked_sub(1)
                    .and_then(|at| lows.get(at))
                    .is_some_and(|before| ordinal(before).is_some() || matches!(*before, "of" | "in"))
        })
        .filter_map(|(_, low)| MONTHS.iter().position(|month| month == low))
        .map(|month| month.saturating_add(1).to_string())
        .collect();
    if named.is_empty() { "*".to_owned() } else { named.join(",") }
}

/// The place of a weekday in its month.
fn nth(low: &str) -> Option<&'static str> {
    match low {
        "first" | "1st" => Some("1"),
        "second" | "2nd" => Some("2"),
        "third" | "3rd" => Some("3"),
        "fourth" | "4th" => Some("4"),
        "last" => Some("L"),
        _ => None,
    }
}

/// A day of the month: `15th`, `1st`, `fifteenth`.
fn ordinal(low: &str) -> Option<u64> {
    let digits = low
        .strip_suffix("st")
        .or_else(|| low.strip_suffix("nd"))
        .or_else(|| low.strip_suffix("rd"))
        .or_else(|| low.strip_suffix("th"));
    let written = match low {
        "first" => Some(1),
        "tenth" => Some(10),
        "fifteenth" => Some(15),
        "twentieth" => Some(20),
        _ => None,
    };
    digits.and_then(|digits| digits.parse().ok()).filter(|day| (1..=31).contains(day)).or(written)
}

/// A pattern in words, as far as there are words for it.
pub(in crate::interview) fn in_words(cron: &str) -> String {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let [minute, hour, day, month, week] = fields.as_slice() else { return format!("by the pattern {cron}") };
    let (Ok(minute_at), Ok(hour_at)) = (minute.parse::<u8>(), hour.parse::<u8>()) else {
        return match (*minute, *hour) {
            ("0", "*") => "every hour".to_owned(),
            ("*", "*") => "every minute".to_owned(),
            _ => minute
                .strip_prefix("*/")
                .map_or_else(|| format!("by the pattern {cron}"), |step| format!("every {step} minutes")),
        };
    };
    let days = match (*day, *month, *week) {
        ("*", "*", "*") => "every day".to_owned(),
        ("*", "*", "MON-FRI") => "every weekday".to_owned(),
        ("L", "*", "*") => "on the last day of the month".to_owned(),
        (day, "*", "*") => format!("on day {day} of the month"),
        ("*", "*", week) => match week.split_once('#') {
            Some((day, "L")) => format!("on the last {} of the month", long(day)),
            Some((day, nth)) => format!("on {} number {nth} of the month", long(day)),
            None => format!("every {}", week.split(',').map(long).collect::<Vec<_>>().join(" and ")),
        },
        ("1", "1,4,7,10", "*") => "on the first day of each quarter".to_owned(),
        _ => return format!("by the pattern {cron}"),
    };
    format!("{days} at {hour_at:02}:{minute_at:02}")
}

fn long(short: &str) -> String {
    let day = WEEK.iter().position(|day| *day == short).and_then(|at| DAYS.get(at)).copied().unwrap_or(short);
    let mut day = day.to_owned();
    if let Some(first) = day.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    day
}

#[cfg(test)]
mod tests {
    use super::{in_words, timing};
    use crate::interview::rules::word::{Manner, words};

    fn cron(text: &str) -> Option<String> {
        let timing = timing(&words(text), Manner::Sentence);
        timing.cron.or_else(|| Some(format!("{} {}", timing.clock?, timing.days?)))
    }

    #[test]
    fn schedules_are_read_as_people_say_them() {
        for (text, read) in [
            ("every weekday at nine", "0 9 * * MON-FRI"),
            ("every day at 8am", "0 8 * * *"),
            ("daily at 17:30", "30 17 * * *"),
            ("every Friday at 4:30pm", "30 16 * * FRI"),
            ("on Tuesdays and Thursdays at 6:45", "45 6 * * TUE,THU"),
            ("every morning at half past seven", "30 7 * * *"),
            ("every evening at quarter to eight", "45 19 * * *"),
            ("on the first Monday of every month at 10am", "0 10 * * MON#1"),
            ("the last Friday of the month at noon", "0 12 * * FRI#L"),
            ("on the last day of each month at midnight", "0 0 L * *"),
            ("on the 15th of each month at 9:00", "0 9 15 * *"),
            ("quarterly at 8 am", "0 8 1 1,4,7,10 *"),
            ("every 15 minutes", "*/15 * * * *"),
            ("hourly", "0 * * * *"),
            ("every two hours", "0 */2 * * *"),
            ("Monday to Friday at nine in the morning", "0 9 * * MON-FRI"),
            ("every Monday at five in the afternoon", "0 17 * * MON"),
            ("on weekends at 9 p.m.", "0 21 * * SAT,SUN"),
            ("every 1st of January at 9am", "0 9 1 1 *"),
        ] {
            assert_eq!(cron(text).as_deref(), Some(read), "{text}");
            assert!(crate::workflow::Calendar::parse(read, "UTC").is_ok(), "{read}");
            assert!(!in_words(read).is_empty());
        }
        assert!(timing(&words("every other week at nine"), Manner::Sentence).cannot.is_some());
        assert_eq!(timing(&words("every day"), Manner::Sentence).clock, None);
        assert_eq!(timing(&words("weekly"), Manner::Sentence).days, None);
    }
}
