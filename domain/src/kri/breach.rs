//! Breaches: what people do with an episode while it lasts.

use chrono::{DateTime, Duration, SubsecRound, Utc};
use serde::{Deserialize, Serialize};

use crate::kri::episode::{Shift, sustained};
use crate::kri::standing::Judged;
use crate::kri::{
    BreachAcknowledged, BreachAssigned, BreachClosed, BreachCommand, BreachCommented, BreachOpened,
    BreachShifted, BreachSnoozed, BreachWoken, Closing, Episode, KriEvent, KriState,
};
use crate::{AccountId, BreachId, Comment, EventId, Moment, Quantity, Reason, Rejection};

/// The body of assigning a breach; `null` gives it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssignBody {
    /// Who is to answer for it.
    #[serde(deserialize_with = "Option::deserialize")]
    pub owner: Option<AccountId>,
    /// Why; goes to the event's metadata.
    #[serde(default, skip_serializing)]
    pub reason: Option<Reason>,
}

/// The body of a remark on a breach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommentBody {
    /// What is said.
    pub comment: Comment,
}

/// The body of silencing a breach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SnoozeBody {
    /// Until when.
    pub until: DateTime<Utc>,
    /// Why; goes to the event's metadata.
    #[serde(default, skip_serializing)]
    pub reason: Option<Reason>,
}

impl KriState {
    /// The longest a breach may be silenced.
    pub const LONGEST_SNOOZE: Duration = Duration::days(90);

    /// The events of a cause: itself and, right behind it, what the values after it make of the breach.
    pub(super) fn with_shift(&self, cause: KriEvent, after: Judged<'_>, now: DateTime<Utc>) -> Vec<KriEvent> {
        let shifted = self.shifted(after, now);
        std::iter::once(cause).chain(shifted).collect()
    }

    /// The breach event that follows from a cause; none where the breach already is as the values say.
    pub(super) fn shifted(&self, after: Judged<'_>, now: DateTime<Utc>) -> Option<KriEvent> {
        let shift = self.episodes.shift(after)?;
        let value = after.window.value()?;
        let open = self.episodes.open.as_ref().map(|open| open.id);
        let moved =
            |breach_id, from, level| BreachShifted { breach_id, from, level, value, version: after.version };
        Some(match shift {
            Shift::Opens(level) => KriEvent::BreachOpened(BreachOpened {
                breach_id: BreachId::opened_by(self.id, self.sequence.plus(2)),
                level,
                value,
                version: after.version,
                opened_at: now.trunc_subsecs(6),
            }),
            Shift::Raises { from, to } => KriEvent::BreachRaised(moved(open?, from, to)),
            Shift::Lowers { from, to } => KriEvent::BreachLowered(moved(open?, from, to)),
            Shift::Recovers => self.closed(Closing::Recovered, Some(value), now)?,
        })
    }

    /// The close of the open breach, where there is one.
    pub(super) fn closed(
        &self,
        how: Closing,
        value: Option<Quantity>,
        now: DateTime<Utc>,
    ) -> Option<KriEvent> {
        let open = self.episodes.open.as_ref()?;
        Some(KriEvent::BreachClosed(BreachClosed {
            breach_id: open.id,
            from: open.level,
            how,
            value,
            closed_at: now.trunc_subsecs(6),
        }))
    }

    /// A workflow's event closes what was open when it took effect. One delivered again finds that breach closed, or one
    /// opened later, and closes nothing; later readings that are still as bad weigh more than the event (hazards H12).
    pub(super) fn close_by_event(
        &self,
        event_id: EventId,
        effective_at: DateTime<Utc>,
        moment: &Moment,
    ) -> Vec<KriEvent> {
        let how = Closing::ByEvent { event_id, effective_at };
        match &self.episodes.open {
            Some(open) if open.opened_at <= effective_at && !self.contradicted(effective_at) => {
                self.closed(how, self.window.value(), moment.now).into_iter().collect()
            }
            Some(_) | None => Vec::new(),
        }
    }

    fn contradicted(&self, effective_at: DateTime<Utc>) -> bool {
        sustained(self.judged(&self.window), Some(effective_at)).is_some()
    }

    pub(super) fn decide_breach(
        &self,
        id: BreachId,
        command: BreachCommand,
        moment: &Moment,
    ) -> Result<Vec<KriEvent>, Rejection> {
        match &self.episodes.open {
            Some(open) if open.id == id => self.decide_open(open, command, moment),
            Some(_) | None if self.episodes.closed.contains(&id) => decide_closed(id, command),
            Some(_) | None => Err(Rejection::NotFound { noun: "breach" }),
        }
    }

    fn decide_open(
        &self,
        open: &Episode,
        command: BreachCommand,
        moment: &Moment,
    ) -> Result<Vec<KriEvent>, Rejection> {
        let breach_id = open.id;
        Ok(match command {
            BreachCommand::Acknowledge if !open.acknowledged => {
                vec![KriEvent::BreachAcknowledged(BreachAcknowledged { breach_id })]
            }
            BreachCommand::Assign(owner) if owner != open.owner => {
                vec![KriEvent::BreachAssigned(BreachAssigned { breach_id, owner })]
            }
            BreachCommand::Comment(comment) => vec![commented(breach_id, comment)],
            BreachCommand::Snooze { until } => open.snoozed(until, moment.now)?,
            BreachCommand::Wake if open.snoozed_until.is_some() => {
                vec![KriEvent::BreachWoken(BreachWoken { breach_id })]
            }
            BreachCommand::SnoozeOver { until }
                if open.snoozed_until == Some(until) && until <= moment.now =>
            {
                vec![KriEvent::BreachWoken(BreachWoken { breach_id })]
            }
            BreachCommand::Close => {
                self.closed(Closing::ByHand, self.window.value(), moment.now).into_iter().collect()
            }
            BreachCommand::Acknowledge
            | BreachCommand::Assign(_)
            | BreachCommand::Wake
            | BreachCommand::SnoozeOver { .. } => Vec::new(),
        })
    }
}

impl Episode {
    fn snoozed(&self, until: DateTime<Utc>, now: DateTime<Utc>) -> Result<Vec<KriEvent>, Rejection> {
        let until = until.trunc_subsecs(6);
        let days = KriState::LONGEST_SNOOZE.num_days();
        if until <= now || until.signed_duration_since(now) > KriState::LONGEST_SNOOZE {
            return Err(Rejection::invalid(
                "breach.snooze_end",
                "/until",
                format!("must be later than now and at most {days} days ahead"),
            ));
        }
        if self.snoozed_until == Some(until) {
            return Ok(Vec::new());
        }
        Ok(vec![KriEvent::BreachSnoozed(BreachSnoozed { breach_id: self.id, until })])
    }
}

/// A closed breach can still be remarked on; closing it again is no error.
fn decide_closed(id: BreachId, command: BreachCommand) -> Result<Vec<KriEvent>, Rejection> {
    match command {
        BreachCommand::Comment(comment) => Ok(vec![commented(id, comment)]),
        BreachCommand::Close | BreachCommand::Wake | BreachCommand::SnoozeOver { .. } => Ok(Vec::new()),
        BreachCommand::Acknowledge | BreachCommand::Assign(_) | BreachCommand::Snooze { .. } => {
            Err(Rejection::conflict(
                "breach.closed",
                "the breach is closed; it can be remarked on, and a new one opens when the value breaches again",
            ))
        }
    }
}

fn commented(breach_id: BreachId, comment: Comment) -> KriEvent {
    KriEvent::BreachCommented(BreachCommented { breach_id, comment })
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use crate::kri::given::{Given, at, body, code, names, pointers, q, reading};
    use crate::kri::{BreachCommand, Closing, KriBody, KriCommand, KriEvent};
    use crate::source::Schedule;
    use crate::{AccountId, BreachId, Comment, EventId};

    fn breached() -> Given {
        let mut kri = Given::kri("");
        kri.reads(10, 15);
        kri
    }

    fn close_as_of(effective: i64) -> KriCommand {
        KriCommand::CloseBreach { event_id: EventId::new(Ulid(3)), effective_at: at(effective) }
    }

    #[test]
    fn a_breach_is_acknowledged_assigned_and_remarked_on() {
        let mut kri = breached();
        assert_eq!(names(&kri.breach(11, BreachCommand::Acknowledge)), ["breach.acknowledged"]);
        assert_eq!(kri.breach(12, BreachCommand::Acknowledge), Vec::new());
        let owner = Some(AccountId::new(Ulid(5)));
        assert_eq!(names(&kri.breach(13, BreachCommand::Assign(owner))), ["breach.assigned"]);
        assert_eq!(kri.breach(14, BreachCommand::Assign(owner)), Vec::new());
        assert_eq!(names(&kri.breach(15, BreachCommand::Assign(None))), ["breach.assigned"]);
        let comment = BreachCommand::Comment(Comment::parse("patching tonight").unwrap());
        assert_eq!(names(&kri.breach(16, comment)), ["breach.commented"]);
    }

    #[test]
    fn a_snooze_has_an_end_ahead_and_ends_when_the_breach_is_raised() {
        let mut kri = breached();
        let id = kri.open();
        let snooze = |until| KriCommand::Breach { id, command: BreachCommand::Snooze { until: at(until) } };
        assert_eq!(pointers(kri.asked(11, snooze(11))), ["/until"]);
        assert_eq!(pointers(kri.asked(11, snooze(11 + 91 * 24 * 60))), ["/until"]);
        assert_eq!(names(&kri.when(11, snooze(60))), ["breach.snoozed"]);
        assert_eq!(kri.when(12, snooze(60)), Vec::new());
        kri.reads(20, 30);
        assert_eq!(kri.state().episodes.open.as_ref().unwrap().snoozed_until, None);
        kri.when(21, snooze(60));
        assert_eq!(names(&kri.breach(22, BreachCommand::Wake)), ["breach.woken"]);
    }

    #[test]
    fn a_snooze_is_over_at_its_end_and_not_before_or_where_it_was_prolonged() {
        let mut kri = breached();
        let over = |until| BreachCommand::SnoozeOver { until: at(until) };
        kri.breach(11, BreachCommand::Snooze { until: at(30) });
        assert_eq!(kri.breach(29, over(30)), Vec::new(), "too early");
        kri.breach(29, BreachCommand::Snooze { until: at(60) });
        assert_eq!(kri.breach(30, over(30)), Vec::new(), "prolonged");
        assert_eq!(names(&kri.breach(60, over(60))), ["breach.woken"]);
        assert_eq!(kri.breach(60, over(60)), Vec::new());
    }

    #[test]
    fn what_was_known_when_somebody_closed_a_breach_does_not_open_another() {
        let mut kri = breached();
        assert_eq!(names(&kri.breach(20, BreachCommand::Close)), ["breach.closed"]);
        kri.when(22, KriCommand::RecordReading(reading(16, 19)));
        assert_eq!(kri.breaches(), ["opened", "closed"], "observed before the close");
        kri.reads(30, 15);
        assert_eq!(kri.breaches(), ["opened", "closed", "opened"], "a later reading contradicts the close");
    }

    #[test]
    fn a_closed_breach_can_only_be_remarked_on() {
        let mut kri = breached();
        let id = kri.open();
        kri.reads(20, 1);
        let asked = |command| kri.asked(21, KriCommand::Breach { id, command });
        assert_eq!(code(asked(BreachCommand::Acknowledge)), "breach.closed");
        assert_eq!(asked(BreachCommand::Close), Ok(Vec::new()));
        let comment = BreachCommand::Comment(Comment::parse("root cause: a forgotten subnet").unwrap());
        assert_eq!(names(&asked(comment).unwrap()), ["breach.commented"]);
        let id = BreachId::new(Ulid(99));
        assert_eq!(code(kri.asked(21, KriCommand::Breach { id, command: BreachCommand::Close })), "breach");
    }

    #[test]
    fn an_event_closes_the_breach_it_was_about_once() {
        let mut kri = breached();
        assert_eq!(names(&kri.when(31, close_as_of(30))), ["breach.closed"]);
        kri.reads(40, 15);
        assert_eq!(
            kri.when(41, close_as_of(30)),
            Vec::new(),
            "delivered again it leaves the next episode alone"
        );
    }

    #[test]
    fn an_event_does_not_close_a_breach_opened_after_it_took_effect() {
        let mut kri = Given::kri("");
        kri.reads(10, 9);
        assert_eq!(kri.when(31, close_as_of(30)), Vec::new(), "nothing is open");
        let stricter = KriBody { warn: q(9), ..body("") };
        kri.when(40, KriCommand::Edit { body: Box::new(stricter), schedule: Some(Schedule::Hourly) });
        assert_eq!(
            kri.when(41, close_as_of(30)),
            Vec::new(),
            "delivered again it closes no more than before"
        );
    }

    #[test]
    fn an_event_does_not_close_a_breach_that_a_later_reading_confirms() {
        let mut kri = breached();
        kri.reads(40, 15);
        assert_eq!(kri.when(41, close_as_of(30)), Vec::new());
    }

    #[test]
    fn archiving_ends_the_breach_in_the_same_commit() {
        let mut kri = breached();
        let events = kri.when(20, KriCommand::Archive);
        assert_eq!(names(&events), ["breach.closed", "kri.archived"]);
        assert!(matches!(&events[0], KriEvent::BreachClosed(end) if end.how == Closing::Archived));
    }
}
