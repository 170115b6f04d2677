//! The explanation as it is answered: every node an event.

use chrono::{DateTime, Utc};
use draxis_domain::kri::{Adjustment, Closing, Direction, Flapping, Level, Status};
use draxis_domain::source::Schedule;
use draxis_domain::{
    AccountId, Actor, BreachId, EventId, KriId, KriSlug, Position, Quantity, Reason, Recorded, RunId,
    Sequence, TenantEvent, WorkflowId, WorkflowRunId,
};
use schemars::JsonSchema;
use serde::Serialize;

/// Why a KRI's value and colour are what they are.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that the answer states")]
pub struct Explanation {
    /// The KRI.
    pub kri_id: KriId,
    /// Its slug.
    pub slug: KriSlug,
    /// The time that is looked back at; none where it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<DateTime<Utc>>,
    /// The value.
    pub value: Option<Quantity>,
    /// What it means.
    pub status: Status,
    /// Whether it no longer stands for the present.
    pub stale: bool,
    /// From when on it no longer may.
    pub stale_at: Option<DateTime<Utc>>,
    /// Whether the KRI is out of use.
    pub archived: bool,
    /// The breach that is open.
    pub breach: Option<OpenBreach>,
    /// What it hangs on, in the order it happened.
    pub causes: Vec<Cause>,
    /// What did not follow, and why not.
    pub why_not: Vec<WhyNot>,
}

/// The breach that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenBreach {
    /// Its id.
    pub id: BreachId,
    /// How bad it is.
    pub level: Level,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Its id.
    pub event_id: EventId,
    /// Its place in the stream.
    pub position: Position,
    /// Its wire name.
    #[serde(rename = "type")]
    pub event_type: &'static str,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// The person behind the actor, where somebody acted in a tenant they are no member of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impersonator: Option<AccountId>,
    /// Why, in their words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The event that caused it, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<EventId>,
}

/// An event that the answer hangs on, and as what.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Cause {
    /// The event.
    #[serde(flatten)]
    pub node: Node,
    /// As what.
    #[serde(flatten)]
    pub of: CauseOf,
}

/// As what the answer hangs on an event.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "role", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum CauseOf {
    /// The KRI came into being.
    Definition {
        /// As this.
        slug: KriSlug,
    },
    /// The thresholds that the value is judged by.
    Thresholds {
        /// The version of the KRI that set them.
        version: u64,
        /// Which way is bad.
        direction: Direction,
        /// Where it turns amber.
        warn: Quantity,
        /// Where it turns red.
        critical: Quantity,
        /// How readily breaches open and close.
        flapping: Flapping,
    },
    /// The pace at which the source is read, which says how long a value stays fresh.
    Schedule {
        /// The pace.
        schedule: Option<Schedule>,
    },
    /// The run of a source that read the value.
    Run {
        /// Which.
        run_id: RunId,
    },
    /// A reading.
    Reading {
        /// Its place in the KRI.
        sequence: Sequence,
        /// What was read.
        read: Quantity,
        /// What stands of it.
        stands: Option<Quantity>,
        /// When it was true.
        observed_at: DateTime<Utc>,
        /// Whether it is the one under the value.
        current: bool,
    },
    /// A reading was corrected, or withdrawn.
    Correction {
        /// The reading's place in the KRI.
        reading: Sequence,
        /// What stands of it since.
        value: Option<Quantity>,
    },
    /// An adjustment that counts towards the value.
    Adjustment {
        /// What was asked for, and by which event.
        adjustment: Adjustment,
        /// The value it made.
        value: Quantity,
        /// The run of a workflow behind it, where it was one.
        #[serde(skip_serializing_if = "Option::is_none")]
        run_id: Option<WorkflowRunId>,
    },
    /// The reading grew too old.
    WentStale {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// The open breach began.
    BreachOpened {
        /// How bad.
        level: Level,
    },
    /// The open breach got worse.
    BreachRaised {
        /// How bad.
        level: Level,
    },
    /// The open breach got better.
    BreachLowered {
        /// How bad.
        level: Level,
    },
    /// The last breach ended.
    BreachClosed {
        /// The episode.
        breach_id: BreachId,
        /// How.
        how: Closing,
    },
    /// The open breach set off a workflow.
    WorkflowRun {
        /// Of which workflow.
        workflow_id: WorkflowId,
        /// The run.
        run_id: WorkflowRunId,
    },
    /// The KRI was taken out of use.
    Archived,
}

/// Something that could have followed and did not.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhyNot {
    /// What did not: `breach`, `close` or `workflow_run`.
    pub what: &'static str,
    /// Stable, such as `healthy`.
    pub code: &'static str,
    /// In a sentence.
    pub because: String,
    /// The workflow that did not run, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<WorkflowId>,
    /// The events that this hangs on besides the causes above.
    pub events: Vec<Node>,
}

impl Node {
    pub(super) fn of(told: &Recorded<TenantEvent>, event_type: &'static str) -> Self {
        Self {
            event_id: told.event_id,
            position: told.position,
            event_type,
            at: told.recorded_at,
            actor: told.metadata.actor,
            impersonator: told.metadata.impersonator,
            reason: told.metadata.reason.clone(),
            caused_by: told.metadata.causation,
        }
    }
}

impl Cause {
    pub(super) fn new(node: &Node, of: CauseOf) -> Self {
        Self { node: node.clone(), of }
    }
}
