//! Applying a tool: on a copy first, held against the validator at once; what would be wrong is refused with what to do.

use std::collections::BTreeSet;

use crate::account::Role;
use crate::interview::draft::leaves;
use crate::interview::need::invalid;
use crate::interview::question::Offer;
use crate::interview::{
    ApprovalPatch, DestinationPatch, Draft, DraftTool, Question, Scene, StepPatch, TriggerPatch,
};
use crate::workflow::{KriRef, Party, Problem, StepId};

/// Why a tool was refused; the text goes back to whoever called it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToolRefusal {
    /// There is no such tool, or its arguments do not fit.
    #[error("{tool} cannot be called so: {what}")]
    Malformed {
        /// What was called.
        tool: String,
        /// What does not fit.
        what: String,
    },
    /// What looks like a secret has no place in a draft.
    #[error("that holds what looks like a secret: leave it out")]
    Secret,
    /// The draft has no such step.
    #[error("the draft has no step {0}")]
    NoSuchStep(String),
    /// What would come of it is wrong.
    #[error("{}", .0.iter().map(|p| format!("{} at {}: {}. {}", p.code, p.pointer, p.message, p.next)).collect::<Vec<_>>().join(" "))]
    Invalid(Vec<Problem>),
    /// Something that the person has not spoken of.
    #[error("the person has not spoken of {0}: ask for it")]
    Unsaid(String),
    /// A draft can grow no further.
    #[error("a workflow has at most 50 steps")]
    TooManySteps,
}

/// What a problem may be that is shown rather than refused: the person can put it right outside the draft.
const SHOWN: &[&str] = &["relay.missing"];

impl Draft {
    /// The change, if every way out that it names was spoken of, or stands in the draft already.
    pub(super) fn said(&self, change: &DraftTool, heard: &str) -> Result<(), ToolRefusal> {
        let known = self.assembled().value.to_string();
        let unsaid = ways_out(change).into_iter().find(|way| !was_said(way, heard) && !was_said(way, &known));
        unsaid.map_or(Ok(()), |way| Err(ToolRefusal::Unsaid(way)))
    }

    /// Whether a question can be asked: what it offers to choose from comes from the lists.
    pub(super) fn may_ask(&self, question: &Question, scene: &Scene) -> Result<(), ToolRefusal> {
        if let Some(step) = question.step.as_ref().filter(|step| self.position(step).is_none()) {
            return Err(ToolRefusal::NoSuchStep(step.to_string()));
        }
        let listed = |candidate: &&String| match question.topic.offers() {
            Some(Offer::Kri) => scene.tenant.kris.iter().any(|kri| kri.slug.as_str() == candidate.as_str()),
            Some(Offer::KriEvent) => {
                scene.tenant.kri_events.keys().any(|event| event.as_str() == candidate.as_str())
            }
            Some(Offer::Account) => {
                candidate.parse().is_ok_and(|account| scene.tenant.accounts.contains_key(&account))
            }
            None => false,
        };
        let strange = question.candidates.iter().find(|candidate| !listed(candidate));
        strange.map_or(Ok(()), |candidate| {
            let what = format!("{candidate} cannot be chosen; offer what stands in the lists, or nothing");
            Err(ToolRefusal::Malformed { tool: "ask".to_owned(), what })
        })
    }

    /// The tool as it will be recorded, with what it left open filled in, if nothing is wrong with it.
    pub(super) fn admit(&self, tool: DraftTool, scene: &Scene) -> Result<DraftTool, ToolRefusal> {
        let tool = self.with_id(tool);
        self.steps_exist(&tool)?;
        let mut after = self.clone();
        after.put(&tool, 1);
        if after.steps.len() > 50 {
            return Err(ToolRefusal::TooManySteps);
        }
        names_exist(&tool, scene)?;
        let before: BTreeSet<String> = invalid(self, scene, None).into_iter().map(|p| p.message).collect();
        let touched = touched(self, &after);
        let wrong: Vec<Problem> = invalid(&after, scene, None)
            .into_iter()
            .filter(|p| !SHOWN.contains(&p.code) && !before.contains(&p.message))
            .filter(|p| {
                touched.iter().any(|leaf| leaf.starts_with(&p.pointer) || p.pointer.starts_with(leaf))
            })
            .collect();
        if wrong.is_empty() { Ok(tool) } else { Err(ToolRefusal::Invalid(wrong)) }
    }

    fn with_id(&self, tool: DraftTool) -> DraftTool {
        if let DraftTool::AddStep { id: None, step, frame, place } = tool {
            DraftTool::AddStep { id: Some(self.free_id(step.usual_id())), step, frame, place }
        } else {
            tool
        }
    }

    fn steps_exist(&self, tool: &DraftTool) -> Result<(), ToolRefusal> {
        use crate::interview::Place;
        let placed = |place: &Option<Place>| match place {
            Some(Place::Before(id) | Place::After(id)) => Some(id.clone()),
            Some(Place::First | Place::Last) | None => None,
        };
        let named: Vec<StepId> = match tool {
            DraftTool::AddStep { place, .. } => placed(place).into_iter().collect(),
            DraftTool::MoveStep { id, place } => {
                std::iter::once(id.clone()).chain(placed(&Some(place.clone()))).collect()
            }
            DraftTool::ChangeStep { id, .. }
            | DraftTool::RemoveStep { id }
            | DraftTool::SetApproval { id, .. } => vec![id.clone()],
            DraftTool::SetTrigger { .. }
            | DraftTool::SetOwners { .. }
            | DraftTool::SetName { .. }
            | DraftTool::SetDescription { .. }
            | DraftTool::Ask { .. } => Vec::new(),
        };
        if let Some(id) = named.iter().find(|id| self.position(id).is_none()) {
            return Err(ToolRefusal::NoSuchStep(id.to_string()));
        }
        let approval =
            |id: &StepId| self.steps.iter().any(|step| step.id == *id && step.kind() == "await_approval");
        let malformed = |what: String| ToolRefusal::Malformed { tool: tool.name().to_owned(), what };
        if let DraftTool::SetApproval { id, .. } = tool
            && !approval(id)
        {
            return Err(malformed(format!("step {id} is no approval")));
        }
        if let DraftTool::AddStep { id: Some(id), .. } = tool
            && self.position(id).is_some()
        {
            return Err(malformed(format!("there is a step {id} already; use change_step")));
        }
        Ok(())
    }
}

/// The leaves that a tool changed.
fn touched(before: &Draft, after: &Draft) -> Vec<String> {
    let (before, after) = (before.assembled().value, after.assembled().value);
    leaves(&after, "").into_iter().filter(|leaf| before.pointer(leaf) != after.pointer(leaf)).collect()
}

/// Ids come from the lists and from nowhere else, also where the rest is not known enough for the validator to see it.
fn names_exist(tool: &DraftTool, scene: &Scene) -> Result<(), ToolRefusal> {
    let problem = |code, pointer: &str, message: String, next: &str| {
        let next = next.to_owned();
        ToolRefusal::Invalid(vec![Problem {
            code,
            pointer: pointer.to_owned(),
            message,
            allowed: Vec::new(),
            next,
        }])
    };
    if let Some(kri) = kri_named(tool).filter(|kri| scene.tenant.kri(kri).is_none()) {
        let message = format!("there is no KRI {kri}");
        return Err(problem(
            "kri.unknown",
            "/trigger/kri",
            message,
            "Choose one of the tenant's KRIs, or ask.",
        ));
    }
    let unknown = |party: &&Party| match party {
        Party::Account(id) => !scene.tenant.accounts.contains_key(id),
        Party::Role(role) => scene.tenant.holders(*role).next().is_none(),
        Party::KriOwner(_) => false,
    };
    if let Some(party) = parties(tool).iter().find(unknown) {
        let message = format!("nobody in the tenant is {}", serde_json::to_string(party).unwrap_or_default());
        return Err(problem("account.unknown", "", message, "Choose from the lists, or ask."));
    }
    // Whoever only reads decides nothing (product.md section 1).
    let reads = |party: &&Party| match party {
        Party::Account(id) => {
            scene.tenant.accounts.get(id).is_some_and(|roles| roles.iter().all(|role| *role == Role::Auditor))
        }
        Party::Role(_) | Party::KriOwner(_) => false,
    };
    if decides(tool) && parties(tool).iter().any(|party| reads(&party)) {
        let message = "auditors read and never decide".to_owned();
        return Err(problem("approval.auditor", "", message, "Choose somebody else."));
    }
    Ok(())
}

const fn decides(tool: &DraftTool) -> bool {
    matches!(
        tool,
        DraftTool::SetApproval { .. }
            | DraftTool::AddStep { step: StepPatch::AwaitApproval(_), .. }
            | DraftTool::ChangeStep { step: Some(StepPatch::AwaitApproval(_)), .. }
    )
}

fn kri_named(tool: &DraftTool) -> Option<&KriRef> {
    if let DraftTool::SetTrigger { trigger: TriggerPatch::KriBreach(patch) } = tool {
        patch.kri.as_ref()
    } else {
        None
    }
}

fn step_of(tool: &DraftTool) -> Option<&StepPatch> {
    if let DraftTool::AddStep { step, .. } | DraftTool::ChangeStep { step: Some(step), .. } = tool {
        Some(step)
    } else {
        None
    }
}

fn parties(tool: &DraftTool) -> Vec<Party> {
    let of_approval = |patch: &ApprovalPatch| {
        let later = patch.escalation.iter().flat_map(|escalation| escalation.to.clone());
        patch.approvers.iter().flatten().copied().chain(later).collect()
    };
    if let DraftTool::SetOwners { owners } = tool {
        owners.clone()
    } else if let DraftTool::SetApproval { approval, .. } = tool {
        of_approval(approval)
    } else if let Some(StepPatch::NotifyOwner(patch)) = step_of(tool) {
        patch.to.clone().unwrap_or_default()
    } else if let Some(StepPatch::AwaitApproval(patch)) = step_of(tool) {
        of_approval(patch)
    } else {
        Vec::new()
    }
}

/// The places outside that a tool names: each must have been spoken of by the person.
fn ways_out(tool: &DraftTool) -> Vec<String> {
    let mut ways = Vec::new();
    if let Some(StepPatch::PostSlack(patch)) = step_of(tool) {
        ways.extend(patch.channel.clone());
    }
    if let Some(StepPatch::CreateTicket(patch)) = step_of(tool) {
        match &patch.destination {
            Some(DestinationPatch::Jira(jira)) => ways.extend(jira.project.clone()),
            Some(DestinationPatch::ServiceNow(now)) => ways.extend(now.assignment_group.clone()),
            None => {}
        }
    }
    ways
}

/// Whether the person has said the words.
fn was_said(way: &str, heard: &str) -> bool {
    let bare = way.trim_start_matches('#').to_lowercase();
    !bare.is_empty() && heard.to_lowercase().contains(&bare)
}
