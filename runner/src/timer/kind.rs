//! Kinds: everything that can be due. A new one is a line here and a compile error wherever it has to be decided on.

use draxis_event_store::ClaimDurability;

#[cfg(doc)]
use draxis_domain::{ApprovalId, BreachId, KriId, SourceId, WorkflowId, WorkflowRunId};

/// Declares the kinds with the names they bear in the table.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// What a timer is for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum TimerKind {
            $($(#[$doc])* $variant),+
        }

        impl TimerKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the table.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The kind of that name.
            pub fn parse(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// A source's schedule asks for a run. Its subject is the [`SourceId`].
    SourceRun = "source_run",
    /// A run must have ended by now, or its process did. Its subject is the [`SourceId`].
    RunLost = "run_lost",
    /// A reading grows too old to stand for the present. Its subject is the [`KriId`].
    KriStale = "kri_stale",
    /// A breach was silenced until now. Its subject is the [`KriId`]: one [`BreachId`] is open at a time.
    BreachWake = "breach_wake",
    /// KRIs must hear that their source is read at another pace. Its subject is the [`SourceId`].
    KriReschedule = "kri_reschedule",
    /// A workflow's schedule has a due time to serve. Its subject is the [`WorkflowId`].
    WorkflowDue = "workflow_due",
    /// A trigger came into force that counts what is open already. Its subject is the [`WorkflowId`].
    WorkflowActivated = "workflow_activated",
    /// Workflows must hear that a breach has reached a level. Its subject is the [`KriId`].
    BreachReaction = "breach_reaction",
    /// People are to be reminded, others to be asked, or the time is over. Its subject is the [`ApprovalId`].
    ApprovalDue = "approval_due",
    /// A run needs somebody. Its subject is the [`WorkflowRunId`].
    RunDue = "run_due",
}

/// What waits for what: a far system that hangs must not hold up a decision that takes a millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Commands alone.
    Decisions,
    /// What reads from sources and waits for their answers.
    Outside,
    /// Runs of workflows, which reach outside too and must not wait for sources that hang.
    Runs,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Decisions, Self::Outside, Self::Runs];

    /// What its claims must be worth: a run tells by a claim's number who has begun to send; of the others' duties each is a
    /// command whose rule answers a second telling with nothing.
    pub(crate) const fn durability(self) -> ClaimDurability {
        match self {
            Self::Decisions | Self::Outside => ClaimDurability::Forgettable,
            Self::Runs => ClaimDurability::Durable,
        }
    }

    /// The names of its kinds.
    pub fn kinds(self) -> Vec<String> {
        TimerKind::ALL.iter().filter(|kind| kind.lane() == self).map(|kind| kind.name().to_owned()).collect()
    }
}

impl TimerKind {
    /// Where it waits.
    pub const fn lane(self) -> Lane {
        match self {
            Self::SourceRun => Lane::Outside,
            Self::RunLost
            | Self::KriStale
            | Self::BreachWake
            | Self::KriReschedule
            | Self::WorkflowDue
            | Self::WorkflowActivated
            | Self::BreachReaction
            | Self::ApprovalDue => Lane::Decisions,
            Self::RunDue => Lane::Runs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lane, TimerKind};

    #[test]
    fn a_kind_is_found_by_its_name_and_waits_in_one_lane() {
        for kind in TimerKind::ALL {
            assert_eq!(TimerKind::parse(kind.name()), Some(*kind));
        }
        assert_eq!(TimerKind::parse("sleep"), None);
        let lanes: usize = Lane::ALL.iter().map(|lane| lane.kinds().len()).sum();
        assert_eq!(lanes, TimerKind::ALL.len());
    }
}
