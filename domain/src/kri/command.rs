//! What can be asked of a KRI.

use chrono::{DateTime, Utc};

use crate::kri::{Adjustment, KriBody, NewReading, PastReading};
use crate::source::Schedule;
use crate::{AccountId, BreachId, Comment, EventId, KriId, Quantity, RiskId, Sequence};

/// What can be asked of a KRI. That what it names exists in this tenant and is not archived is checked before.
#[derive(Debug, Clone)]
pub enum KriCommand {
    /// Brings a new one into being.
    Define {
        /// Its id, made by the caller.
        id: KriId,
        /// What it is to be.
        body: Box<KriBody>,
        /// How often its source is read, where it has one.
        schedule: Option<Schedule>,
    },
    /// Replaces what it is.
    Edit {
        /// What it is to be.
        body: Box<KriBody>,
        /// How often its source is read, where it has one.
        schedule: Option<Schedule>,
    },
    /// Takes it out of use and gives its slug back.
    Archive,
    /// Links it to a risk.
    LinkRisk(RiskId),
    /// Undoes that.
    UnlinkRisk(RiskId),
    /// Tells it that its source is read at another pace.
    Reschedule(Option<Schedule>),
    /// Takes a reading.
    RecordReading(NewReading),
    /// Takes what a workflow's event does to the value.
    Adjust(Adjustment),
    /// Corrects or withdraws a past reading.
    Correct {
        /// The place in the KRI of the event that recorded it.
        reading: Sequence,
        /// What the log says of it, where the state no longer keeps it.
        past: Option<PastReading>,
        /// What should have been read; none where nothing should.
        to: Option<Quantity>,
    },
    /// Says that its reading may no longer stand for the present; given by a timer at the standing's `stale_at`.
    MarkStale,
    /// Closes the open breach because of a workflow's event, unless it was opened later or is contradicted by later readings.
    CloseBreach {
        /// The event.
        event_id: EventId,
        /// When what it stands for became true.
        effective_at: DateTime<Utc>,
    },
    /// Does something with one breach.
    Breach {
        /// The episode.
        id: BreachId,
        /// What.
        command: BreachCommand,
    },
}

/// What can be asked of one breach.
#[derive(Debug, Clone)]
pub enum BreachCommand {
    /// Says that the actor has seen it.
    Acknowledge,
    /// Gives it to somebody, or back.
    Assign(Option<AccountId>),
    /// Remarks on it.
    Comment(Comment),
    /// Silences it until then, or until it is raised.
    Snooze {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// Ends the silence.
    Wake,
    /// Says that the silence is over; given by a timer at its end.
    SnoozeOver {
        /// The end it was set for: a silence that was prolonged since goes on.
        until: DateTime<Utc>,
    },
    /// Closes it.
    Close,
}
