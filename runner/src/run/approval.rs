//! Approvals: a run asks people, has them written to, and goes on with what they decide (hazards H2).

use draxis_commands::CommandError;
use draxis_domain::ApprovalId;
use draxis_domain::approval::{Approval, WithdrawnWhy};
use draxis_domain::workflow::Step;
use draxis_domain::workflow_run::{Progress, RunState};

use crate::run::drive::Worker;
use crate::run::house::setback;

impl Worker<'_> {
    /// Asks people, unless whoever held the run before has asked them already.
    pub(super) async fn ask(&self, state: &RunState, step: &Step) -> Result<Progress, CommandError> {
        let (commands, id) = (&self.runs.0.commands, step.frame.id.clone());
        let around = (&state.begun.trigger, &*state.begun.definition);
        let scene = commands.run_scene(self.claimed.tenant, around, self.runs.page(self.id())).await?;
        let request = match state.approval_request(&scene, commands.clock().now()) {
            Ok(request) => request,
            Err((code, detail)) => {
                return Ok(Progress::DidNot { step: id, setback: setback(code, detail) });
            }
        };
        let (approval_id, round) = (request.id, request.round);
        let digest = match self.approval(approval_id).await? {
            Approval::Present(before) => before.asked.digest.clone(),
            Approval::Absent => {
                let digest = request.digest.clone();
                commands.request_approval(&self.holder.context, request).await?;
                digest
            }
        };
        Ok(Progress::Asked { step: id, approval_id, digest, round })
    }

    /// Looks at a decision: whether it has been made, and who is to be written to meanwhile. None where nothing is to be done.
    pub(super) async fn look_at(
        &self,
        run: &RunState,
        (step, approval_id, round): (&Step, ApprovalId, u32),
    ) -> Result<Option<Progress>, CommandError> {
        let Approval::Present(approval) = self.approval(approval_id).await? else { return Ok(None) };
        if let Some(decided) = approval.decided() {
            let (decision, votes) = (decided.decision, approval.votes.clone());
            return Ok(Some(Progress::Decided { approval_id, decision, votes }));
        }
        self.tell_next(run, (step, round), &approval).await
    }

    /// Takes back what the run does not wait for any more.
    pub(super) async fn withdraw_left_behind(&self, run: &RunState) -> Result<(), CommandError> {
        for id in run.left_behind() {
            let context = &self.holder.context;
            self.runs.0.commands.withdraw_approval(context, id, WithdrawnWhy::RunMovedOn).await?;
        }
        Ok(())
    }

    async fn approval(&self, id: ApprovalId) -> Result<Approval, CommandError> {
        self.runs.0.commands.load(self.claimed.tenant, &id.to_string()).await
    }
}
