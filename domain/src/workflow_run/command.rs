//! What can be asked of a run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::account::Role;
use crate::approval::{Decision, Vote};
use crate::workflow::{Party, StepId};
use crate::workflow_run::{EffectContent, EffectId, EffectReference, Purpose, RunBegun, Verdict};
use crate::{AccountId, ApprovalId};

/// What can be asked of a run.
#[derive(Debug, Clone)]
pub enum WorkflowRunCommand {
    /// Takes up what the workflow has started, and goes on at once.
    Begin {
        /// What it begins with.
        begun: Box<RunBegun>,
        /// Who takes it up and what is known.
        turn: Box<Turn>,
    },
    /// Goes on; given by the worker that holds the run.
    Drive {
        /// Who gives it and what is known.
        turn: Box<Turn>,
        /// With what, in order: all of it is recorded or none.
        with: Vec<Progress>,
    },
    /// Does what a person asks of it.
    Help {
        /// What.
        help: Help,
        /// What the run begins with, where its workflow has started it: it may not have been taken up yet.
        started: Option<Box<RunBegun>>,
    },
    /// Says what became of an effect that nobody else can know.
    DecideEffect {
        /// Which.
        effect: EffectId,
        /// What became of it.
        verdict: Verdict,
    },
}

/// What a person asks of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Help {
    /// That a failed run is tried again from the step it failed at.
    Retry,
    /// That the step that the run is at is passed over.
    Skip,
    /// That it ends.
    Cancel,
}

/// One turn of the worker that holds a run: everything it knows beside the run itself.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The number of its claim, above that of whoever began the run with its start; a lower one than the run has seen is refused
    /// (hazards H14).
    pub fence: i64,
    /// A random number: what retries are spread by.
    pub luck: u32,
    /// The tenant around the run.
    pub scene: Scene,
}

/// What a run sees of its tenant when a step begins.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// The run's page.
    pub url: String,
    /// What templates and conditions see as `kri`; null where no KRI set the run off.
    pub kri: Value,
    /// Who answers for that KRI.
    pub kri_owner: Option<AccountId>,
    /// Who holds which role for the tenant.
    pub holders: BTreeMap<Role, BTreeSet<AccountId>>,
    /// Whether letters can be sent.
    pub has_mail: bool,
}

impl Scene {
    /// The people who are meant.
    pub fn people<'a, I: IntoIterator<Item = &'a Party>>(&self, parties: I) -> BTreeSet<AccountId> {
        let mut people = BTreeSet::new();
        for party in parties {
            match party {
                Party::Account(id) => drop(people.insert(*id)),
                Party::Role(role) => people.extend(self.holders.get(role).into_iter().flatten()),
                Party::KriOwner(_) => people.extend(self.kri_owner),
            }
        }
        people
    }
}

/// With what a run goes on.
#[derive(Debug, Clone)]
pub enum Progress {
    /// With what has become due by itself.
    Due,
    /// An attempt at an effect has come to something.
    Sent {
        /// Which effect.
        effect: EffectId,
        /// Which attempt.
        attempt: u32,
        /// To what.
        outcome: SendOutcome,
    },
    /// The far side was asked whether an effect was done.
    LookedUp {
        /// Which effect.
        effect: EffectId,
        /// What it says.
        seen: Seen,
    },
    /// A step that is done in the house is done.
    Did {
        /// Which.
        step: StepId,
        /// What later steps see of it.
        result: Value,
    },
    /// A step that is done in the house could not be done.
    DidNot {
        /// Which.
        step: StepId,
        /// Why.
        setback: StepSetback,
    },
    /// People were asked for a decision.
    Asked {
        /// Which step asks.
        step: StepId,
        /// Which decision.
        approval_id: ApprovalId,
        /// What it is about.
        digest: String,
        /// How often it was asked, this time included.
        round: u32,
    },
    /// People are to be told of a decision that they are asked for, where that has not been done yet.
    Tell {
        /// Which step asks.
        step: StepId,
        /// What for.
        purpose: Purpose,
        /// What they are told.
        content: EffectContent,
    },
    /// The decision has been made.
    Decided {
        /// Which.
        approval_id: ApprovalId,
        /// For what; none where the time ran out and the step fails for it.
        decision: Option<Decision>,
        /// Who said what.
        votes: Vec<Vote>,
    },
    /// A ticket that is waited for has this status.
    TicketSeen {
        /// Which step waits.
        step: StepId,
        /// The status.
        status: String,
    },
}

/// What is known of an effect after one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// It was done, once.
    Confirmed(EffectReference),
    /// It was surely not done.
    Rejected {
        /// Why.
        setback: StepSetback,
        /// How many seconds the far side asks to wait.
        retry_after: Option<u64>,
    },
    /// It may have been done.
    Ambiguous {
        /// What happened, in our words.
        detail: String,
    },
}

/// Why something could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepSetback {
    /// Stable, such as `relay.busy`.
    pub code: String,
    /// What happened and what to do, in our words.
    pub detail: String,
    /// Whether the same may go well later, without anybody changing anything.
    pub retryable: bool,
}

/// What a look-up says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It was done.
    Found(EffectReference),
    /// It is not there now.
    NotThere,
    /// The far side cannot be asked.
    CannotKnow,
    /// The question failed.
    Failed(String),
}
