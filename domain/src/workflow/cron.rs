//! Due times: which instants a cron pattern means in a time zone, across gaps and overlaps of its clock (hazards H4).
//!
//! The pattern is matched on the wall clock alone, as croner does for a clock without jumps. What each matching time means
//! is decided here:
//! - a time that the clock skips means the first instant after the gap;
//! - a time that the clock shows twice means its first pass where the hours are named (`30 2 * * *`), and both passes where
//!   the hours are `*` or a step (`30 * * * *`), which ask for an interval rather than for a time;
//! - two times that mean the same instant are one.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, FixedOffset, MappedLocalTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// A cron pattern in a time zone.
#[derive(Debug, Clone)]
pub struct Calendar {
    cron: Cron,
    zone: Tz,
    /// Whether a time shown twice means both passes.
    both_passes: bool,
}

/// Why there is no calendar; the sentence says what would be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Not a cron pattern.
    #[error("must be five cron fields such as 0 9 * * MON-FRI: {0}")]
    Cron(String),
    /// No such time is on any calendar.
    #[error("never comes: no date fits the day and the month")]
    Never,
    /// Not an IANA zone.
    #[error("must be an IANA time zone such as Europe/Berlin")]
    Zone,
}

impl Calendar {
    /// Reads a pattern and a zone's name.
    pub fn parse(cron: &str, zone: &str) -> Result<Self, CalendarError> {
        let zone = zone.parse::<Tz>().map_err(|_| CalendarError::Zone)?;
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(cron).map_err(|error| CalendarError::Cron(error.to_string()))?;
        let both_passes =
            cron.pattern.as_str().split_whitespace().nth(1).is_some_and(|hours| hours.contains(['*', '/']));
        let calendar = Self { cron, zone, both_passes };
        if calendar.comes() { Ok(calendar) } else { Err(CalendarError::Never) }
    }

    /// Whether any time matches at all. Asked of the calendar's days, since croner looks as far as the year 5000.
    fn comes(&self) -> bool {
        let (hours, minutes) = (self.cron.pattern.hours.values(), self.cron.pattern.minutes.values());
        let (Some(hour), Some(minute)) = (hours.first(), minutes.first()) else { return false };
        let first =
            DateTime::UNIX_EPOCH + Duration::hours((*hour).into()) + Duration::minutes((*minute).into());
        // Dates and weekdays repeat after 28 years here.
        (0..28 * 366).any(|day| self.cron.is_time_matching(&(first + Duration::days(day))).unwrap_or(false))
    }

    /// The due times after an instant, in order.
    pub fn after(&self, after: DateTime<Utc>) -> Instants<'_> {
        let local = after.with_timezone(&self.zone).naive_local();
        // A clock that goes back within a day may yet show times that it has shown: they must be looked at again.
        let goes_back = self.offset(after + Duration::hours(26)) < self.offset(after);
        let from = if goes_back { local - Duration::hours(26) } else { local };
        let wall = self.next_wall(from);
        Instants { calendar: self, wall, pending: BTreeSet::new(), after }
    }

    /// The due times in `(after, until]`.
    pub fn between(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        self.after(after).take_while(move |due| *due <= until)
    }

    /// The latest due times in `(after, until]`, at most so many, in order.
    pub fn latest(&self, after: DateTime<Utc>, until: DateTime<Utc>, at_most: usize) -> Vec<DateTime<Utc>> {
        let mut reach = Duration::hours(1);
        loop {
            let from = after.max(until - reach);
            let mut found: Vec<_> = self.between(from, until).collect();
            if found.len() >= at_most || from <= after {
                found.drain(..found.len().saturating_sub(at_most));
                return found;
            }
            reach = reach * 8;
        }
    }

    /// What the zone's clock shows at an instant.
    pub fn local(&self, at: DateTime<Utc>) -> DateTime<FixedOffset> {
        at.with_timezone(&self.zone).fixed_offset()
    }

    fn offset(&self, at: DateTime<Utc>) -> i32 {
        self.local(at).offset().local_minus_utc()
    }

    /// The first time on the wall clock from here on that matches. The clock is told to croner as UTC, which has no gaps and no overlaps.
    fn next_wall(&self, from: NaiveDateTime) -> Option<NaiveDateTime> {
        self.cron.find_next_occurrence(&from.and_utc(), true).ok().map(|next| next.naive_utc())
    }

    /// The instants that a time on the wall clock means.
    fn resolve(&self, wall: NaiveDateTime) -> (DateTime<Utc>, Option<DateTime<Utc>>) {
        match self.zone.from_local_datetime(&wall) {
            MappedLocalTime::Single(at) => (at.to_utc(), None),
            MappedLocalTime::Ambiguous(first, second) => {
                let (first, second) =
                    (first.to_utc().min(second.to_utc()), first.to_utc().max(second.to_utc()));
                (first, self.both_passes.then_some(second))
            }
            MappedLocalTime::None => (self.after_gap(wall), None),
        }
    }

    /// The first instant at which the clock shows a time past one that it skips.
    fn after_gap(&self, wall: NaiveDateTime) -> DateTime<Utc> {
        // Offsets lie within a day of UTC, so before `low` the clock has not come here and after `high` it has gone by.
        let (mut low, mut high) =
            (wall.and_utc() - Duration::hours(36), wall.and_utc() + Duration::hours(36));
        while high - low > Duration::seconds(1) {
            let middle = low + Duration::seconds((high - low).num_seconds() / 2);
            if middle.with_timezone(&self.zone).naive_local() > wall { high = middle } else { low = middle }
        }
        high
    }
}

/// The due times of a calendar after an instant.
#[derive(Debug, Clone)]
pub struct Instants<'a> {
    calendar: &'a Calendar,
    /// The next time on the wall clock to look at.
    wall: Option<NaiveDateTime>,
    /// Instants found and not yet given: the second passes, mostly.
    pending: BTreeSet<DateTime<Utc>>,
    after: DateTime<Utc>,
}

impl Iterator for Instants<'_> {
    type Item = DateTime<Utc>;

    fn next(&mut self) -> Option<DateTime<Utc>> {
        loop {
            let ahead = self.wall.map(|wall| (wall, self.calendar.resolve(wall)));
            // Later times on the wall clock have no earlier first instant, so what lies before this one's is final.
            if let Some(due) = self.pending.first().copied()
                && ahead.is_none_or(|(_, (first, _))| due < first)
            {
                self.pending.remove(&due);
                return Some(due);
            }
            let (wall, (first, second)) = ahead?;
            self.wall = self.calendar.next_wall(wall + Duration::seconds(1));
            self.pending.extend([Some(first), second].into_iter().flatten().filter(|due| *due > self.after));
        }
    }
}

/// The next due times of a pattern in a zone, for whoever wants to see them before.
pub fn next_instants(
    cron: &str,
    zone: &str,
    after: DateTime<Utc>,
    at_most: usize,
) -> Result<Vec<DateTime<Utc>>, CalendarError> {
    Ok(Calendar::parse(cron, zone)?.after(after).take(at_most).collect())
}

#[cfg(test)]
mod tests;
