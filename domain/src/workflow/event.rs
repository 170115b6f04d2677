//! What can happen to a workflow.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::workflow::Definition;
use crate::workflow::run::{BreachReached, PinnedKriEvent, RunTrigger};
use crate::workflow_run::ChainLink;
use crate::{WorkflowId, WorkflowRunId};

events! {
    /// What happened to a workflow.
    pub enum WorkflowEvent {
        /// It came into being as a draft, version 1.
        Drafted(WorkflowDrafted) = "workflow.drafted" v 1,
        /// Its definition was replaced, which made a version.
        Edited(WorkflowEdited) = "workflow.edited" v 1,
        /// An old version was put back, which made a new one.
        Restored(WorkflowRestored) = "workflow.restored" v 1,
        /// Its trigger was switched on.
        Activated(WorkflowActivated) = "workflow.activated" v 1,
        /// Its trigger was switched off.
        Paused(WorkflowPaused) = "workflow.paused" v 1,
        /// It was taken out of use for good.
        Archived(WorkflowArchived) = "workflow.archived" v 1,
        /// A run began.
        RunStarted(WorkflowRunStarted) = "workflow.run_started" v 1,
        /// A due time waits for the run that is under way.
        RunRequested(WorkflowRunRequested) = "workflow.run_requested" v 1,
        /// Something that would have set off a run did not.
        RunMissed(WorkflowRunMissed) = "workflow.run_missed" v 1,
        /// A run that stood in the way of the next is over.
        RunEnded(WorkflowRunEnded) = "workflow.run_ended" v 1,
    }
}

/// It came into being as a draft, version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowDrafted {
    /// Its id.
    pub id: WorkflowId,
    /// All of what it is.
    pub definition: Box<Definition>,
    /// Where that came from.
    #[serde(default)]
    pub provenance: Provenance,
}

/// Its definition was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowEdited {
    /// The version this made.
    pub version: u64,
    /// All of what it is from now on.
    pub definition: Box<Definition>,
    /// Where that came from.
    #[serde(default)]
    pub provenance: Provenance,
    /// When; from then on a new trigger counts.
    pub at: DateTime<Utc>,
}

/// An old version was put back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRestored {
    /// The version this made.
    pub version: u64,
    /// The version it was taken from.
    pub from: u64,
    /// All of what it is from now on.
    pub definition: Box<Definition>,
    /// When; from then on a new trigger counts.
    pub at: DateTime<Utc>,
}

/// Where a definition came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "from", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Provenance {
    /// Somebody wrote it.
    #[default]
    Written,
    /// It was talked through in an interview.
    Interview {
        /// Which.
        #[schemars(with = "String")]
        interview_id: ulid::Ulid,
        /// What was confirmed.
        digest: String,
        /// For each leaf of the definition, by JSON pointer, where it came from.
        leaves: BTreeMap<String, LeafOrigin>,
    },
}

/// Where one leaf of a definition came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeafOrigin {
    /// Somebody said so in that turn.
    Turn(u32),
    /// It stood so in that version of the workflow, and nobody said otherwise.
    Version(u64),
    /// Nobody said otherwise.
    Default,
}

/// Its trigger was switched on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowActivated {
    /// The version that is now in force.
    pub version: u64,
    /// When; earlier due times do not count, and earlier breaches only where the trigger says so.
    pub at: DateTime<Utc>,
}

/// Its trigger was switched off; runs in flight finish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowPaused {
    /// The version that was in force.
    pub version: u64,
}

/// It was taken out of use for good; runs in flight finish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowArchived {
    /// Its last version.
    pub version: u64,
}

/// A run began. It carries all that the run needs, so that the run never reads the workflow again (hazards H15).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRunStarted {
    /// The run, named after its cause.
    pub run_id: WorkflowRunId,
    /// The cause in words, such as `schedule:2026-03-01T08:00:00.000000Z`.
    pub key: String,
    /// What set it off.
    pub trigger: RunTrigger,
    /// The version it stays on.
    pub version: u64,
    /// That version.
    pub definition: Box<Definition>,
    /// The KRI events that its steps emit, as they stand now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kri_events: Vec<PinnedKriEvent>,
    /// The runs that led to the breach that set it off, and itself (hazards H11); empty where no breach did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<ChainLink>,
}

/// A due time waits for the run that is under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRunRequested {
    /// The due time.
    pub due_at: DateTime<Utc>,
}

/// Something that would have set off a run did not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRunMissed {
    /// Why not.
    pub why: MissedWhy,
    /// What it was.
    pub what: MissedWhat,
}

/// Why something set off no run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissedWhy {
    /// The workflow was paused.
    Paused,
    /// The workflow was archived.
    Archived,
    /// The time had passed before anybody was there, and the trigger says to let it go.
    Late,
    /// A run was under way.
    Overlap,
    /// The trigger was changed while it waited.
    Edited,
    /// Runs had led to it in a circle, or one after another too often (hazards H11).
    Loop,
}

/// What set off no run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum MissedWhat {
    /// A breach.
    KriBreach(BreachReached),
    /// Due times.
    Schedule(MissedTimes),
}

/// Due times that passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MissedTimes {
    /// The first of them.
    pub first: DateTime<Utc>,
    /// The last of them.
    pub last: DateTime<Utc>,
    /// How many; more than [`MissedTimes::COUNTED`] are not counted on.
    pub count: u64,
    /// The latest of them one by one, at most [`MissedTimes::LISTED`].
    pub listed: Vec<DateTime<Utc>>,
}

impl MissedTimes {
    /// How many are counted.
    pub const COUNTED: usize = 100_000;

    /// How many are listed.
    pub const LISTED: usize = 100;
}

/// A run that stood in the way of the next is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkflowRunEnded {
    /// Which.
    pub run_id: WorkflowRunId,
}
