//! Approvals as they are read: what is asked of whom, who has voted, and how it ended.

use std::collections::BTreeSet;

use draxis_domain::account::Role;
use draxis_domain::approval::{Approval, ApprovalEvent, ApprovalStanding, ApprovalState};
use draxis_domain::workflow::StepId;
use draxis_domain::{AccountId, ApprovalId, Position, Recorded, TenantEvent, WorkflowId, WorkflowRunId};
use serde::{Deserialize, Serialize};

use crate::projection::Projection;
use crate::store::Table;

/// The projection of approvals. Keys: `approval/<id>` holds the approval; `asked/<position>` names it in the order of asking,
/// because its id is computed from its cause and has no order; `run/<run id>/<position>` names it under its run.
#[derive(Debug, Clone, Copy)]
pub struct Approvals;

/// A row of the projection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalsRow {
    /// An approval.
    Approval(Box<ApprovalRow>),
    /// Which approval was asked for at a position.
    Asked(ApprovalId),
}

/// An approval: what its own events have made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalRow {
    /// The approval.
    pub approval: Approval,
}

/// Which approvals are asked for; every limit that is absent admits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApprovalFilter {
    /// Standing so.
    pub state: Option<ApprovalStanding>,
    /// Waiting for the vote of this person, who is that in the tenant now.
    pub waiting_for: Option<(AccountId, BTreeSet<Role>)>,
    /// Of this run.
    pub run: Option<WorkflowRunId>,
    /// Of this workflow.
    pub workflow: Option<WorkflowId>,
    /// Of this step.
    pub step: Option<StepId>,
}

impl ApprovalFilter {
    pub(crate) fn admits(&self, approval: &ApprovalState) -> bool {
        let asked = &approval.asked;
        self.state.is_none_or(|state| approval.standing() == state)
            && self.waiting_for.as_ref().is_none_or(|(who, roles)| approval.waits_for(*who, roles))
            && self.run.is_none_or(|run| asked.run_id == run)
            && self.workflow.is_none_or(|workflow| asked.workflow_id == workflow)
            && self.step.as_ref().is_none_or(|step| asked.step == *step)
    }
}

impl ApprovalRow {
    /// What has become of it.
    pub fn state(&self) -> Option<&ApprovalState> {
        self.approval.state()
    }
}

/// The key of an approval.
pub(crate) fn key(id: ApprovalId) -> String {
    format!("approval/{id}")
}

/// What the keys of the order of asking begin with.
pub(crate) const ASKED: &str = "asked/";

/// What the keys of one run's approvals begin with.
pub(crate) fn approvals_of(run: WorkflowRunId) -> String {
    format!("run/{run}/")
}

pub(crate) fn place(position: Position) -> String {
    format!("{:020}", position.get())
}

impl Projection for Approvals {
    const TABLE: Table = Table::Approvals;
    const VERSION: i32 = 1;
    type Event = TenantEvent;
    type Row = ApprovalsRow;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        let Some(event) = of_approval(&told.event) else { return Vec::new() };
        let mut keys = vec![format!("approval/{}", told.aggregate_id)];
        if let ApprovalEvent::Requested(asked) = event {
            let place = place(told.position);
            keys.extend([format!("{ASKED}{place}"), format!("{}{place}", approvals_of(asked.run_id))]);
        }
        keys
    }

    fn apply(key: &str, row: Option<ApprovalsRow>, told: &Recorded<TenantEvent>) -> Option<ApprovalsRow> {
        let Some(event) = of_approval(&told.event) else { return row };
        let approval = match (row, event) {
            (None, ApprovalEvent::Requested(asked)) if !key.starts_with("approval/") => {
                return Some(ApprovalsRow::Asked(asked.id));
            }
            (None, _) => Approval::default(),
            (Some(ApprovalsRow::Approval(row)), _) => row.approval,
            (Some(ApprovalsRow::Asked(id)), _) => return Some(ApprovalsRow::Asked(id)),
        };
        Some(ApprovalsRow::Approval(Box::new(ApprovalRow { approval: approval.told(event) })))
    }
}

const fn of_approval(event: &TenantEvent) -> Option<&ApprovalEvent> {
    match event {
        TenantEvent::Approval(event) => Some(event),
        TenantEvent::Source(_)
        | TenantEvent::Audit(_)
        | TenantEvent::Outcome(_)
        | TenantEvent::Kri(_)
        | TenantEvent::Risk(_)
        | TenantEvent::Control(_)
        | TenantEvent::Vendor(_)
        | TenantEvent::Workflow(_)
        | TenantEvent::WorkflowRun(_)
        | TenantEvent::KriEventDefinition(_)
        | TenantEvent::Relay(_)
        | TenantEvent::ApiToken(_)
        | TenantEvent::PanelSession(_)
        | TenantEvent::Memory(_)
        | TenantEvent::ModelConfig(_)
        | TenantEvent::Interview(_)
        | TenantEvent::Preview(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::approval::{Approval, ApprovalCommand, ApprovalStanding, Ballot, Decision};
    use draxis_domain::{AccountId, ApprovalId, TenantEvent};
    use serde_json::json;
    use ulid::Ulid;

    use super::{ApprovalFilter, Approvals, ApprovalsRow, approvals_of, key};
    use crate::memory::fold_in_memory;
    use crate::told::{Thing, Told, at};

    fn asked(told: &mut Told, id: ApprovalId) -> Thing<Approval> {
        let asked = json!({
            "id": id, "workflowId": "01KAMK3ED0WRKF000000000000", "workflowName": "Patch",
            "runId": "01KAMK3ED0RVN0000000000000", "step": "approve", "round": 1, "question": "Was it done?",
            "plan": [], "digest": "d", "approvers": {"accounts": [AccountId::default()]}, "required": 1, "veto": true,
            "requesterMayApprove": false, "askedAt": at(0), "dueAt": at(90), "onTimeout": "reject", "nextAt": at(0),
        });
        let mut approval = Thing { id: id.to_string(), state: Approval::default() };
        let asked = serde_json::from_value(asked).unwrap();
        told.when(&mut approval, 0, ApprovalCommand::Request(Box::new(asked)));
        approval
    }

    #[test]
    fn an_approval_is_found_by_id_by_run_and_in_the_order_of_asking_and_waits_until_it_is_answered() {
        let mut told = Told::default();
        let (first, second) = (ApprovalId::new(Ulid(9)), ApprovalId::new(Ulid(3)));
        let (mut answered, _) = (asked(&mut told, first), asked(&mut told, second));
        let (who, roles) = (AccountId::default(), [draxis_domain::account::Role::TenantUser].into());
        let ballot = Ballot { roles, decision: Decision::Approved, comment: None, digest: "d".to_owned() };
        told.when(&mut answered, 1, ApprovalCommand::Vote(ballot.clone()));
        let rows = fold_in_memory::<Approvals>(&told.events);
        let named = |prefix: &str| -> Vec<ApprovalId> {
            let under = rows.iter().filter(|(key, _)| key.starts_with(prefix));
            under
                .filter_map(|(_, row)| if let ApprovalsRow::Asked(id) = row { Some(*id) } else { None })
                .collect()
        };
        let run = "01KAMK3ED0RVN0000000000000".parse().unwrap();
        assert_eq!(
            (named(super::ASKED), named(&approvals_of(run))),
            (vec![first, second], vec![first, second])
        );
        let mine = ApprovalFilter { waiting_for: Some((who, ballot.roles)), ..ApprovalFilter::default() };
        let admitted = [first, second].map(|id| match &rows[&key(id)] {
            ApprovalsRow::Approval(row) => {
                (row.state().unwrap().standing(), mine.admits(row.state().unwrap()))
            }
            ApprovalsRow::Asked(_) => panic!("no approval"),
        });
        assert_eq!(admitted, [(ApprovalStanding::Approved, false), (ApprovalStanding::Open, true)]);
        assert!(told.events.iter().all(|told| matches!(told.event, TenantEvent::Approval(_))));
    }
}
