//! Commands on interviews: a workflow talked through, and made of what was confirmed.

mod scene;

use std::sync::Arc;

use draxis_domain::interview::{Basis, Hearing, Interview, InterviewCommand, InterviewState, Scene, Turn};
use draxis_domain::workflow::{Definition, Provenance, Workflow, WorkflowCommand};
use draxis_domain::{InterviewId, Name, Reason, Rejection, Root, TenantId, Utterance, WorkflowId};
use draxis_event_store::{Answer, Committed};
use serde_json::json;

use crate::execution::{Commands, Context, Execution};
use crate::{CommandError, Guarded, Permission};

/// How often a turn is thought over again because something else was said meanwhile.
const ATTEMPTS: usize = 4;

/// How an interview begins.
#[derive(Debug, Clone)]
pub struct NewInterview {
    /// What the person wants.
    pub goal: Utterance,
    /// The workflow that is to be changed, where there is one.
    pub workflow: Option<WorkflowId>,
}

/// Who makes something of what was said: the built-in rules, or a model that is reached from elsewhere. Never asked within a
/// transaction.
pub trait Interviewer: Sync {
    /// A turn on what was heard.
    fn turn(&self, thought: Thought<'_>) -> impl Future<Output = Result<Turn, CommandError>> + Send;
}

/// What an interviewer thinks about.
#[derive(Debug, Clone, Copy)]
pub struct Thought<'a> {
    /// Whose.
    pub tenant: TenantId,
    /// The interview as it stands.
    pub state: &'a InterviewState,
    /// What the person says.
    pub hearing: &'a Hearing,
    /// What there is in the tenant.
    pub scene: &'a Scene,
}

impl Commands {
    /// Begins an interview.
    pub async fn start_interview(
        &self,
        context: &Context,
        asked: NewInterview,
        interviewer: &impl Interviewer,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.answered(tenant, context).await? {
            return Ok(before);
        }
        let id = InterviewId::new(self.ids().next());
        let basis = match asked.workflow {
            Some(workflow) => Some(Box::new(self.basis(tenant, workflow).await?)),
            None => None,
        };
        let scene = self.interview_scene(tenant, context.caller.actor).await?;
        let state = InterviewState::beginning(id, basis.as_deref());
        let hearing = state.hear(asked.goal.as_str())?;
        let thought = Thought { tenant, state: &state, hearing: &hearing, scene: &scene };
        let turn = interviewer.turn(thought).await?;
        let spoken = Box::new(hearing.spoken(turn, scene.clone()));
        let command = InterviewCommand::Start { id, basis, spoken };
        let respond = responder(scene, 201);
        self.on_tenant(context, Execution::<Interview> { id: id.to_string(), command, respond }).await
    }

    /// Says something in an interview. Whoever thinks about it does so outside any transaction; where something else was said
    /// meanwhile, it is thought over again.
    pub async fn speak_in_interview(
        &self,
        context: &Context,
        id: InterviewId,
        text: &Utterance,
        interviewer: &impl Interviewer,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.answered(tenant, context).await? {
            return Ok(before);
        }
        for _ in 0..ATTEMPTS {
            let state = self.interview(tenant, id).await?;
            let scene = self.interview_scene(tenant, context.caller.actor).await?;
            state.must_be_open()?;
            let hearing = state.hear(text.as_str())?;
            let thought = Thought { tenant, state: &state, hearing: &hearing, scene: &scene };
            let turn = interviewer.turn(thought).await?;
            let command = InterviewCommand::Speak(Box::new(hearing.spoken(turn, scene.clone())));
            let execution =
                Execution::<Interview> { id: id.to_string(), command, respond: responder(scene, 200) };
            match self.on_tenant(context, execution).await {
                Err(CommandError::Rejected(Rejection::Conflict { code: "interview.moved_on", .. })) => {}
                done => return done,
            }
        }
        Err(CommandError::Contended)
    }

    /// Gives an interview up.
    pub async fn abandon_interview(
        &self,
        context: &Context,
        id: InterviewId,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        let scene = self.interview_scene(context.caller.tenant()?, context.caller.actor).await?;
        let (command, respond) = (InterviewCommand::Abandon, responder(scene, 200));
        self.on_tenant(context, Execution::<Interview> { id: id.to_string(), command, respond }).await
    }

    /// Confirms an interview's draft, which makes a workflow of it, or a new version of the one it began from.
    ///
    /// An append is of one aggregate, so these are two commits; every id in them is computed, so that a repeat after a crash
    /// in between finishes what was begun and makes nothing twice. The key goes with the last of them.
    pub async fn confirm_interview(
        &self,
        context: &Context,
        id: InterviewId,
        (digest, name): (String, Option<Name>),
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.answered(tenant, context).await? {
            return Ok(before);
        }
        let state = self.interview(tenant, id).await?;
        let scene = Box::new(self.interview_scene(tenant, context.caller.actor).await?);
        let confirm =
            InterviewCommand::Confirm { digest, name, workflow_id: WorkflowId::of_interview(id), scene };
        let because = Reason::parse(&format!("talked through in interview {id}")).ok();
        let context = context.clone().because(because);
        match state.editing {
            None => self.confirm_as_new(&context, id, confirm).await,
            Some(edited) => self.confirm_as_edit(&context, state, (confirm, edited)).await,
        }
    }

    /// The decision first, and the workflow as its consequence: what was confirmed can no longer be changed.
    async fn confirm_as_new(
        &self,
        context: &Context,
        id: InterviewId,
        confirm: InterviewCommand,
    ) -> Result<Committed, CommandError> {
        let first = Context { key: None, ..context.clone() };
        let respond = Arc::new(|_: &Interview, _: &str| confirmed_answer(WorkflowId::default(), 0));
        let execution = Execution::<Interview> { id: id.to_string(), command: confirm, respond };
        self.on_tenant(&first, execution).await?;
        let state = self.interview(context.caller.tenant()?, id).await?;
        let (definition, provenance) = outcome(&state)?;
        let workflow = WorkflowId::of_interview(id);
        let command = WorkflowCommand::Draft { id: workflow, definition: Box::new(definition), provenance };
        let respond = Arc::new(move |_: &Workflow, _: &str| confirmed_answer(workflow, 1));
        self.on_tenant(context, Execution::<Workflow> { id: workflow.to_string(), command, respond }).await
    }

    /// The new version first: it may be refused where the workflow has moved on, and then nothing has been confirmed.
    async fn confirm_as_edit(
        &self,
        context: &Context,
        state: InterviewState,
        (confirm, (workflow, version)): (InterviewCommand, (WorkflowId, u64)),
    ) -> Result<Committed, CommandError> {
        let id = state.id;
        let mut then = Interview::Begun(Box::new(state));
        for event in Root::decide(&then, confirm.clone(), &self.moment(context))? {
            then = then.told(&event);
        }
        let (definition, provenance) =
            outcome(then.state().ok_or(Rejection::NotFound { noun: "interview" })?)?;
        let found = self.load::<Workflow>(context.caller.tenant()?, &workflow.to_string()).await?;
        let found = found.state().ok_or(Rejection::NotFound { noun: "workflow" })?;
        if found.definition == definition && found.version == version {
            return Err(Rejection::conflict(
                "interview.unchanged",
                "the draft says what the workflow says already; change something, or abandon the interview",
            )
            .into());
        }
        let first = Context { key: None, expected_version: Some(version), ..context.clone() };
        self.edit_workflow(&first, workflow, (&definition.to_value(), provenance)).await?;
        let next = version.saturating_add(1);
        let respond = Arc::new(move |_: &Interview, _: &str| confirmed_answer(workflow, next));
        self.on_tenant(context, Execution::<Interview> { id: id.to_string(), command: confirm, respond })
            .await
    }

    async fn basis(&self, tenant: TenantId, id: WorkflowId) -> Result<Basis, CommandError> {
        let workflow = self.load::<Workflow>(tenant, &id.to_string()).await?;
        let state = workflow.state().ok_or(Rejection::NotFound { noun: "workflow" })?;
        if state.standing == draxis_domain::workflow::Standing::Archived {
            return Err(Rejection::conflict(
                "workflow.archived",
                "the workflow is archived and read-only; start an interview for a new one",
            )
            .into());
        }
        Ok(Basis { workflow_id: id, version: state.version, definition: state.definition.clone() })
    }

    async fn interview(&self, tenant: TenantId, id: InterviewId) -> Result<InterviewState, CommandError> {
        let interview = self.load::<Interview>(tenant, &id.to_string()).await?;
        Ok(interview.state().ok_or(Rejection::NotFound { noun: "interview" })?.clone())
    }
}

fn responder(scene: Scene, status: u16) -> crate::Responder<Interview> {
    Arc::new(move |interview: &Interview, _: &str| {
        let view = interview.state().map(|state| state.view(&scene));
        Answer { status, body: json!(view).to_string().into_bytes(), version: None }
    })
}

fn confirmed_answer(workflow: WorkflowId, version: u64) -> Answer {
    let body = json!({ "workflowId": workflow, "version": version });
    Answer { status: 201, body: body.to_string().into_bytes(), version: Some(version) }
}

fn outcome(state: &InterviewState) -> Result<(Definition, Provenance), CommandError> {
    state.outcome().ok_or_else(|| {
        CommandError::failed(std::io::Error::other("a confirmed interview's draft is no definition"))
    })
}

impl Guarded for InterviewCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Start { .. } | Self::Speak(_) | Self::Confirm { .. } | Self::Abandon => {
                Permission::ManageWorkflows
            }
        }
    }
}
