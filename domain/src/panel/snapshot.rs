//! What the panel sees: the tenant's risk model and memory at one position, as typed lines.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::control::ControlState;
use crate::kri::{Direction, Level, Status};
use crate::panel::RunLine;
use crate::risk::{RiskStatus, Score};
use crate::rollup::Coverage;
use crate::vendor::Criticality;
use crate::{
    BreachId, ControlId, DocumentId, FactKey, FactValue, KriId, KriSlug, Name, OutcomeId, Position, Quantity,
    RiskId, Unit, VendorId,
};

/// Everything in use at a position, seen from a time. The same position and time always give the same snapshot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// The position of the stream.
    pub position: Position,
    /// The time that ages and trends are seen from.
    pub at: DateTime<Utc>,
    /// KRIs.
    pub kris: Vec<KriLine>,
    /// Risks.
    pub risks: Vec<RiskLine>,
    /// Outcomes.
    pub outcomes: Vec<OutcomeLine>,
    /// Controls.
    pub controls: Vec<ControlLine>,
    /// Third parties.
    pub vendors: Vec<VendorLine>,
    /// The latest runs of workflows, the latest first.
    pub runs: Vec<RunLine>,
    /// What is remembered.
    pub facts: Vec<FactLine>,
    /// Passages of documents that have to do with the question.
    pub documents: Vec<DocumentLine>,
}

/// A KRI.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own that the panel answers from"
)]
#[derive(Debug, Clone, PartialEq)]
pub struct KriLine {
    /// Its id.
    pub id: KriId,
    /// Its short name.
    pub slug: KriSlug,
    /// What people call it.
    pub name: Name,
    /// What it means, in people's words.
    pub about: String,
    /// What it counts in.
    pub unit: Unit,
    /// Which way is bad.
    pub direction: Direction,
    /// The value now.
    pub value: Option<Quantity>,
    /// What it means.
    pub status: Status,
    /// Whether its reading no longer stands for the present.
    pub stale: bool,
    /// Where it turns amber.
    pub warn: Quantity,
    /// Where it turns red.
    pub critical: Quantity,
    /// How it has changed.
    pub changes: Changes,
    /// Its latest points, the latest last.
    pub points: Vec<(DateTime<Utc>, Quantity)>,
    /// Its open breach.
    pub breach: Option<BreachLine>,
    /// The risks it measures.
    pub risk_ids: BTreeSet<RiskId>,
    /// The outcome it stands for.
    pub outcome_id: Option<OutcomeId>,
    /// Whether somebody answers for it.
    pub owned: bool,
}

/// An open breach.
#[derive(Debug, Clone, PartialEq)]
pub struct BreachLine {
    /// Its id.
    pub id: BreachId,
    /// How bad it is.
    pub level: Level,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Whether somebody has seen it.
    pub acknowledged: bool,
}

impl BreachLine {
    /// For how many whole days it has been open.
    pub fn age_days(&self, at: DateTime<Utc>) -> i64 {
        at.signed_duration_since(self.opened_at).num_days().max(0)
    }
}

/// How a value has changed; none for a day before the KRI was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Since yesterday.
    pub day: Option<Change>,
    /// Since a week ago.
    pub week: Option<Change>,
    /// Since thirty days ago.
    pub month: Option<Change>,
    /// Since ninety days ago.
    pub quarter: Option<Change>,
}

/// How a value has changed since a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// What it was.
    pub from: Quantity,
    /// What has been added since.
    pub change: Quantity,
}

/// Which way a KRI goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trend {
    /// To the better.
    Better,
    /// Nowhere.
    Flat,
    /// Nobody can say.
    Unknown,
    /// To the worse.
    Worse,
}

impl KriLine {
    /// Which way it goes: over a month, or as long as it has been measured.
    pub fn trend(&self) -> Trend {
        let changes = &self.changes;
        let Some(change) = changes.month.or(changes.week).or(changes.day) else { return Trend::Unknown };
        let zero = Quantity::ZERO;
        match (change.change.cmp(&zero), self.direction) {
            (std::cmp::Ordering::Equal, _) => Trend::Flat,
            (std::cmp::Ordering::Greater, Direction::HigherIsWorse)
            | (std::cmp::Ordering::Less, Direction::LowerIsWorse) => Trend::Worse,
            (std::cmp::Ordering::Greater, Direction::LowerIsWorse)
            | (std::cmp::Ordering::Less, Direction::HigherIsWorse) => Trend::Better,
        }
    }

    /// Whether nothing is known of it now: never measured, or too long ago.
    pub const fn blind(&self) -> bool {
        self.stale || matches!(self.status, Status::Unknown)
    }
}

/// A risk.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskLine {
    /// Its id.
    pub id: RiskId,
    /// What people call it.
    pub name: Name,
    /// What it means, in people's words.
    pub about: String,
    /// What is done about it.
    pub status: RiskStatus,
    /// How bad its KRIs and controls say that it is.
    pub severity: Status,
    /// How likely it is before any control.
    pub likelihood: Score,
    /// How bad it would be before any control.
    pub impact: Score,
    /// How many of its KRIs are measured.
    pub coverage: Coverage,
    /// How many of them are unknown or stale.
    pub unknown: usize,
    /// The KRIs that measure it.
    pub kri_ids: BTreeSet<KriId>,
    /// The controls that hold it down.
    pub control_ids: BTreeSet<ControlId>,
    /// The outcomes it threatens.
    pub outcome_ids: BTreeSet<OutcomeId>,
    /// Whether somebody answers for it.
    pub owned: bool,
}

/// An outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeLine {
    /// Its id.
    pub id: OutcomeId,
    /// What people call it.
    pub name: Name,
    /// What it means, in people's words.
    pub about: String,
    /// The worst of the risks that still threaten it.
    pub status: Status,
    /// How many of the KRIs beneath are measured.
    pub coverage: Coverage,
    /// How many of the items right beneath are unknown or stale.
    pub unknown: usize,
    /// The risks that threaten it.
    pub risk_ids: BTreeSet<RiskId>,
    /// The KRIs that stand for it.
    pub kri_ids: BTreeSet<KriId>,
}

/// A control.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlLine {
    /// Its id.
    pub id: ControlId,
    /// What people call it.
    pub name: Name,
    /// What it does, in people's words.
    pub about: String,
    /// How well it works.
    pub state: ControlState,
    /// The risks it holds down.
    pub risk_ids: BTreeSet<RiskId>,
}

/// A third party.
#[derive(Debug, Clone, PartialEq)]
pub struct VendorLine {
    /// Its id.
    pub id: VendorId,
    /// What people call it.
    pub name: Name,
    /// What it does for the tenant, in people's words.
    pub about: String,
    /// How much hangs on it.
    pub criticality: Criticality,
    /// Whether somebody answers for the relation.
    pub owned: bool,
}

/// A fact of the institutional memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactLine {
    /// What it is filed under.
    pub key: FactKey,
    /// What it says.
    pub value: FactValue,
    /// Where it comes from.
    pub source: String,
}

/// A passage of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentLine {
    /// The document.
    pub id: DocumentId,
    /// What people call it.
    pub title: Name,
    /// What stands there.
    pub passage: String,
}

impl Snapshot {
    /// A KRI that the snapshot holds.
    pub fn kri(&self, id: KriId) -> Option<&KriLine> {
        self.kris.iter().find(|kri| kri.id == id)
    }

    /// A risk that the snapshot holds.
    pub fn risk(&self, id: RiskId) -> Option<&RiskLine> {
        self.risks.iter().find(|risk| risk.id == id)
    }

    /// An outcome that the snapshot holds.
    pub fn outcome(&self, id: OutcomeId) -> Option<&OutcomeLine> {
        self.outcomes.iter().find(|outcome| outcome.id == id)
    }

    /// A control that the snapshot holds.
    pub fn control(&self, id: ControlId) -> Option<&ControlLine> {
        self.controls.iter().find(|control| control.id == id)
    }

    /// The names that stand in the tenant's data: digits in them are no figures.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for kri in &self.kris {
            names.extend([kri.name.as_str(), kri.slug.as_str()]);
        }
        names.extend(self.risks.iter().map(|risk| risk.name.as_str()));
        names.extend(self.outcomes.iter().map(|outcome| outcome.name.as_str()));
        names.extend(self.controls.iter().map(|control| control.name.as_str()));
        names.extend(self.vendors.iter().map(|vendor| vendor.name.as_str()));
        for run in &self.runs {
            names.push(run.workflow.as_str());
            names.extend(run.effects.iter().filter_map(|effect| effect.made.as_deref()));
            names.extend(run.steps.iter().map(|step| step.id.as_str()));
        }
        names.extend(self.facts.iter().map(|fact| fact.key.as_str()));
        names.extend(self.documents.iter().map(|document| document.title.as_str()));
        names
    }
}
