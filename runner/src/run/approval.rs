//! Approvals: a run asks people, has them written to, and goes on with what they decide (hazards H2).

use draxis_commands::CommandError;
use draxis_domain::ApprovalId;
use draxis_domain::approval::{Approval, ApprovalState, Occasion, OccasionKind, WithdrawnWhy};
use draxis_domain::relay::Channel;
use draxis_domain::workflow::Step;
use draxis_domain::workflow_run::{EffectContent, Progress, Purpose, RunState};

use crate::relay::{self, ApprovalAsk, ApprovalPage};
use crate::run::drive::Worker;
use crate::run::house::setback;

impl Worker<'_> {
    /// Asks people, unless whoever held the run before has asked them already.
    pub(super) async fn ask(&self, state: &RunState, step: &Step) -> Result<Progress, CommandError> {
        let (commands, id) = (&self.runs.0.commands, step.frame.id.clone());
        let scene = commands.run_scene(self.claimed.tenant, &state.begun, self.runs.page(self.id())).await?;
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
        let relays = self.runs.0.commands.relays_set_up(self.claimed.tenant).await?;
        if !relays.contains(&Channel::Email) {
            return Ok(None);
        }
        for occasion in approval.occasions() {
            let purpose = purpose(occasion, round);
            if run.has_told(&step.frame.id, &purpose) {
                continue;
            }
            let to = self.runs.0.commands.people_to_ask(self.claimed.tenant, occasion).await?;
            if !to.is_empty() {
                let (subject, text) = self.letter(&approval, occasion.what);
                let content = EffectContent::Email { to, subject, text };
                return Ok(Some(Progress::Tell { step: step.frame.id.clone(), purpose, content }));
            }
        }
        Ok(None)
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

    fn letter(&self, approval: &ApprovalState, what: OccasionKind) -> (String, String) {
        let asked = &approval.asked;
        let page = ApprovalPage::new(&self.runs.0.settings.public, asked.id.ulid());
        let question = if asked.plan.is_empty() {
            asked.question.clone()
        } else {
            format!("{}\n\nOnce approved:\n- {}", asked.question, asked.plan.join("\n- "))
        };
        let occasion = match what {
            OccasionKind::Asked => relay::Occasion::Asked,
            OccasionKind::Reminded { .. } => relay::Occasion::Reminded,
            OccasionKind::Escalated => relay::Occasion::Escalated,
            OccasionKind::Delegated { .. } => relay::Occasion::Delegated,
        };
        let due = Some(asked.due_at);
        ApprovalAsk { occasion, workflow: &asked.workflow_name, question: &question, due, page: &page }
            .letter()
    }
}

const fn purpose(occasion: &Occasion, round: u32) -> Purpose {
    match occasion.what {
        OccasionKind::Asked => Purpose::Ask { round },
        OccasionKind::Reminded { count } => Purpose::Remind { round, count },
        OccasionKind::Escalated => Purpose::Escalate { round },
        OccasionKind::Delegated { count } => Purpose::Delegate { round, count },
    }
}
