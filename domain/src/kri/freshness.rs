//! Freshness: until when a reading may stand for the present (hazards H6).

use chrono::{DateTime, Duration, Utc};

use crate::source::Schedule;

/// How old a reading may grow: hourly 2 h, daily 36 h, weekly 8 d (hazards H6), so that one late run is no alarm and two
/// missed hours, one missed day or one missed week are. Without a schedule nothing tells when the next one was due.
pub const fn grace(schedule: Schedule) -> Option<Duration> {
    match schedule {
        Schedule::Hourly => Some(Duration::hours(2)),
        Schedule::Daily => Some(Duration::hours(36)),
        Schedule::Weekly => Some(Duration::days(8)),
        Schedule::Manual => None,
    }
}

/// The instant from which a reading observed then is stale; none where it never is by schedule.
pub fn stale_at(observed_at: DateTime<Utc>, schedule: Schedule) -> Option<DateTime<Utc>> {
    observed_at.checked_add_signed(grace(schedule)?)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};

    use super::stale_at;
    use crate::source::Schedule;

    #[test]
    fn a_reading_outlives_its_interval_by_the_grace_of_its_schedule() {
        let read = DateTime::UNIX_EPOCH;
        for (schedule, hours) in [(Schedule::Hourly, 2), (Schedule::Daily, 36), (Schedule::Weekly, 192)] {
            let stale = stale_at(read, schedule).unwrap();
            assert_eq!(stale - read, Duration::hours(hours), "{schedule:?}");
            assert!(stale - read > schedule.interval().unwrap(), "{schedule:?}");
        }
        assert_eq!(stale_at(read, Schedule::Manual), None);
    }
}
