//! Starting runs: by the button, `/api/workflows/{id}/run`, and when the schedule will, `/api/workflows/{id}/next-runs`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use chrono::{DateTime, FixedOffset, Utc};
use draxis_commands::Permission;
use draxis_domain::workflow::{Calendar, CalendarError, Schedule, Standing, Trigger};
use draxis_domain::{Reason, WorkflowId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::{Answered, committed, json};
use crate::app::App;
use crate::path::Id;
use crate::problem::Problem;
use crate::request::{Command, Query};

/// The body of `POST /api/workflows/{id}/run`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunBody {
    /// What the trigger asks the person for, by name.
    inputs: Map<String, Value>,
    /// Why; stands in the audit trail.
    reason: Option<Reason>,
}

/// How many due times are asked for.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HowMany {
    limit: usize,
}

impl Default for HowMany {
    fn default() -> Self {
        Self { limit: 10 }
    }
}

/// When a workflow's schedule will start runs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextRuns {
    /// Where the workflow stands.
    state: Standing,
    /// The zone of its clock; none where the trigger is no schedule.
    time_zone: Option<String>,
    /// The next due times, the first one first.
    items: Vec<NextRun>,
    /// What to know besides: that none of them starts a run, and what would change that.
    note: Option<&'static str>,
}

/// A due time.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextRun {
    /// When.
    due_at: DateTime<Utc>,
    /// What the clock of the zone shows then.
    local: DateTime<FixedOffset>,
}

/// The most due times that are answered at once.
const MOST: usize = 100;

/// `POST /api/workflows/{id}/run`: a run by hand.
pub async fn run(app: Data<App>, id: Path<Id<WorkflowId>>, command: Command<RunBody>) -> Answered {
    let RunBody { inputs, reason } = command.body;
    let context = command.context.because(reason);
    Ok(committed(app.commands.run_workflow(&context, id.get("workflow")?, &inputs).await?))
}

/// `GET /api/workflows/{id}/next-runs`.
pub async fn next_runs(app: Data<App>, id: Path<Id<WorkflowId>>, query: Query<HowMany>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let limit = query.parameters.limit;
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::invalid_at("/limit", format!("must be from 1 to {MOST}")));
    }
    let workflow = app.read_models.find_workflow(tenant, id.get("workflow")?, query.at_least).await?;
    let summary = workflow.ok_or_else(|| Problem::not_found("workflow"))?.summary;
    let (schedule, note) = match &summary.trigger {
        Trigger::Schedule(schedule) => (Some(schedule), note(summary.state)),
        Trigger::KriBreach(_) | Trigger::Manual(_) => {
            (None, Some("the trigger is no schedule: nothing is due by the clock"))
        }
    };
    let ahead = schedule.filter(|_| summary.state != Standing::Archived);
    let items = match ahead {
        Some(schedule) => {
            due(schedule, app.commands.clock().now(), limit).map_err(|error| Problem::failed(&error))?
        }
        None => Vec::new(),
    };
    let time_zone = schedule.map(|schedule| schedule.time_zone.clone());
    json(StatusCode::OK, &NextRuns { state: summary.state, time_zone, items, note })
}

const fn note(state: Standing) -> Option<&'static str> {
    match state {
        Standing::Active => None,
        Standing::Draft => Some("the workflow is a draft: these start no run until it is activated"),
        Standing::Paused => Some("the workflow is paused: these start no run until it is activated"),
        Standing::Archived => Some("the workflow is archived: nothing starts a run any more"),
    }
}

fn due(schedule: &Schedule, after: DateTime<Utc>, limit: usize) -> Result<Vec<NextRun>, CalendarError> {
    let calendar = Calendar::parse(&schedule.cron, &schedule.time_zone)?;
    let shown = |due_at| NextRun { due_at, local: calendar.local(due_at) };
    Ok(calendar.after(after).take(limit).map(shown).collect())
}
