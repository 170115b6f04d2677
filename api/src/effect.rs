//! Effects: `/api/effects`, what runs do outside and what is known of it (hazards H3), and what a person says where nobody else can
//! know.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_domain::relay::Channel;
use draxis_domain::workflow_run::{EffectContent, EffectId, Verdict};
use draxis_domain::{Actor, Name, Reason, WorkflowRunId};
use draxis_projections::{EffectFilter, EffectRow, EffectStanding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json as object;

use crate::answer::{Answered, committed, json};
use crate::app::App;
use crate::page::Listing;
use crate::path::Id;
use crate::person::{Names, Person};
use crate::problem::Problem;
use crate::request::{Command, Nothing, Query};

/// What the list of effects can be narrowed to.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EffectListFilter {
    state: Option<EffectStanding>,
    channel: Option<Channel>,
    run: Option<WorkflowRunId>,
}

/// The body of `POST /api/effects/{id}/decide`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideBody {
    /// What was found.
    verdict: Found,
    /// What people call it there, such as SEC-42.
    #[serde(default)]
    name: Option<Name>,
    /// How that was found out; stands in the audit trail.
    reason: Reason,
}

/// What a person found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// It was done.
    Done,
    /// It was not: it is done now.
    NotDone,
}

/// An effect, with the names of people as they are now.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EffectItem {
    #[serde(flatten)]
    effect: EffectRow,
    /// To whom it goes, where it is a letter.
    recipients: Vec<Person>,
    /// Who said what became of it, where a person did.
    decided_by: Option<Person>,
}

impl EffectItem {
    fn of(effect: EffectRow, names: &Names) -> Self {
        let decided_by = effect.decision.as_ref().map(|decision| names.person(decision.by, None));
        let recipients = recipients(&effect.content).map(|actor| names.person(actor, None)).collect();
        Self { effect, recipients, decided_by }
    }
}

fn recipients(content: &EffectContent) -> impl Iterator<Item = Actor> {
    let to = match content {
        EffectContent::Email { to, .. } => Some(to),
        EffectContent::Jira { .. } | EffectContent::ServiceNow { .. } | EffectContent::Slack { .. } => None,
    };
    to.into_iter().flatten().copied().map(Actor::Account)
}

/// `GET /api/effects`: those planned last first.
pub async fn list(app: Data<App>, query: Listing<EffectListFilter>) -> Answered {
    let EffectListFilter { state, channel, run } = query.filter;
    let filter = EffectFilter { state, channel, run };
    let found = app.read_models.list_effects(query.tenant()?, query.at_least, &filter, &query.page).await?;
    let items = named(&app, found.items).await?;
    json(StatusCode::OK, &object!({ "items": items, "nextCursor": found.next_cursor }))
}

/// `GET /api/effects/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<EffectId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let found = app.read_models.find_effect(tenant, id.get("effect")?, query.at_least).await?;
    let shown = named(&app, found.into_iter().collect()).await?.pop();
    json(StatusCode::OK, &shown.ok_or_else(|| Problem::not_found("effect"))?)
}

/// `POST /api/effects/{id}/decide`: somebody has looked. The read model says whose effect it is; whether it can be decided, says
/// the run.
pub async fn decide(app: Data<App>, id: Path<Id<EffectId>>, command: Command<DecideBody>) -> Answered {
    let DecideBody { verdict, name, reason } = command.body;
    let context = command.context.because(Some(reason));
    context.caller.must(Permission::ManageWorkflows)?;
    let id = id.get("effect")?;
    let found = app.read_models.find_effect(context.caller.tenant()?, id, None).await?;
    let run = found.ok_or_else(|| Problem::not_found("effect"))?.run_id;
    let verdict = match verdict {
        Found::Done => Verdict::Done { name: name.map(|name| name.as_str().to_owned()) },
        Found::NotDone => Verdict::NotDone,
    };
    Ok(committed(app.commands.decide_effect(&context, (run, id), verdict).await?))
}

async fn named(app: &App, effects: Vec<EffectRow>) -> Result<Vec<EffectItem>, Problem> {
    let decided = effects.iter().filter_map(|effect| Some(effect.decision.as_ref()?.by));
    let told = effects.iter().flat_map(|effect| recipients(&effect.content));
    let names = Names::of(app, decided.chain(told)).await?;
    Ok(effects.into_iter().map(|effect| EffectItem::of(effect, &names)).collect())
}
