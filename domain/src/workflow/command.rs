//! What can be asked of a workflow.

use serde_json::{Map, Value};

use crate::workflow::event::Provenance;
use crate::workflow::run::{BreachReached, PinnedKriEvent};
use crate::workflow::{Definition, TenantFacts};
use crate::workflow_run::ChainLink;
use crate::{WorkflowId, WorkflowRunId};

/// What can be asked of a workflow. Definitions have been through [`validate`](crate::workflow::validate) by then.
#[derive(Debug, Clone)]
pub enum WorkflowCommand {
    /// Brings one into being as a draft.
    Draft {
        /// Its id, made by the caller.
        id: WorkflowId,
        /// What it is to be.
        definition: Box<Definition>,
        /// Where that came from.
        provenance: Provenance,
    },
    /// Replaces its definition.
    Edit {
        /// What it is to be.
        definition: Box<Definition>,
        /// Where that came from.
        provenance: Provenance,
    },
    /// Puts an old version back.
    Restore {
        /// Which.
        version: u64,
        /// What it said: [`definition_at`](crate::workflow::definition_at) reads it from the workflow's events, which never
        /// change, so that the state need not hold them all.
        definition: Box<Definition>,
    },
    /// Switches its trigger on, the first time or again.
    Activate {
        /// What there is in the tenant now: a draft may speak of what has gone since.
        facts: Box<TenantFacts>,
    },
    /// Switches its trigger off.
    Pause,
    /// Takes it out of use for good.
    Archive,
    /// A breach has reached a level.
    Breached {
        /// Which, and which level.
        breach: BreachReached,
        /// Whether that breach is still open.
        open: bool,
        /// The runs that led to it, where a run brought it about (hazards H11).
        chain: Vec<ChainLink>,
        /// The KRI events that the definition's steps emit, as they stand now.
        kri_events: Vec<PinnedKriEvent>,
    },
    /// Somebody presses the button.
    Run {
        /// What makes this press that one press: the command's `Idempotency-Key`.
        key: String,
        /// What that person filled in.
        inputs: Map<String, Value>,
        /// The KRI events that the definition's steps emit, as they stand now.
        kri_events: Vec<PinnedKriEvent>,
    },
    /// Time has passed: serves whatever is due. Giving it too often, too late or from two processes at once starts no run
    /// twice and loses none: what is due is counted on from the last due time that was served.
    Tick {
        /// The KRI events that the definition's steps emit, as they stand now.
        kri_events: Vec<PinnedKriEvent>,
    },
    /// A run is over, in whichever way.
    EndRun {
        /// Which.
        run_id: WorkflowRunId,
        /// The KRI events that the definition's steps emit, as they stand now, for the run that waited.
        kri_events: Vec<PinnedKriEvent>,
    },
}
