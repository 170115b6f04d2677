//! `POST /api/workflows/{id}/backtests`: a definition held against what was recorded, and what if something had been otherwise.

mod between;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use draxis_commands::workflow::Trial;
use draxis_domain::WorkflowId;
use draxis_domain::audit::{AuditEvent, ReplayView, StreamReplayed};
use draxis_domain::workflow::{Tried, WhatIf};
use serde::Deserialize;
use serde_json::Value;

use self::between::Between;
use super::definition_schema;
use crate::answer::Answered;
use crate::app::App;
use crate::audit::Point;
use crate::path::Id;
use crate::problem::Problem;
use crate::request::Command;

/// The body of a backtest.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BacktestBody {
    /// The definition to try; the one in force where neither this nor a version is given.
    #[serde(default)]
    #[schemars(schema_with = "definition_schema")]
    definition: Option<Value>,
    /// The version to try.
    #[serde(default)]
    version: Option<u64>,
    /// From where on it is taken to be in force: behind the event at a position, or a time (RFC 3339). Where it is left out, the
    /// version's own time is meant: the stretch in which it was in force.
    #[serde(default)]
    #[schemars(with = "Option<Value>")]
    from: Option<Point>,
    /// Until where: a position or a time. Where it is left out, until now or the end of the version's own time.
    #[serde(default)]
    #[schemars(with = "Option<Value>")]
    to: Option<Point>,
    /// What is taken to have been otherwise: `thresholds` (`kri`, `warn`, `critical`), `pauses` (`as_recorded` or `none`),
    /// `runsTake`, `answersTake` (ISO 8601 durations), `absences` (`approver`, `from`, `to`).
    #[serde(default)]
    #[schemars(with = "Value")]
    what_if: WhatIf,
}

/// `POST /api/workflows/{id}/backtests`. It changes nothing and reaches nothing; that somebody asked is recorded.
pub async fn backtest(app: Data<App>, id: Path<Id<WorkflowId>>, command: Command<BacktestBody>) -> Answered {
    let id = id.get("workflow")?;
    let caller = &command.context.caller;
    caller.audited_stream()?;
    let tenant = caller.tenant()?;
    let BacktestBody { definition, version, from, to, what_if } = command.body;
    let trial = match (&definition, version) {
        (Some(_), Some(_)) => {
            return Err(Problem::invalid_at("/version", "give a definition or a version, not both"));
        }
        (Some(written), None) => Trial::Written(written),
        (None, Some(version)) => Trial::Version(version),
        (None, None) => Trial::InForce,
    };
    for (pointer, count) in [("thresholds", what_if.thresholds.len()), ("absences", what_if.absences.len())] {
        if count > WhatIf::MOST {
            let detail = format!("must be at most {}", WhatIf::MOST);
            return Err(Problem::invalid_at(format!("/whatIf/{pointer}"), detail));
        }
    }
    let (definition, version) = app.commands.definition_to_try(caller, id, trial).await?;
    let Between { after, from, until, to } = Between::asked(&app, (tenant, id, version), (from, to)).await?;
    let tried = Tried { id, definition, version, after, from, until, to, what_if };
    let shown = app.read_models.backtest(tenant, tried).await?;
    if let Some(misfit) = shown.misfits.first() {
        let pointer = format!("/whatIf/thresholds/{}", misfit.at);
        return Err(Problem::invalid_at(pointer, misfit.detail));
    }
    let look = StreamReplayed {
        view: ReplayView::Backtest,
        as_of: None,
        from: Some(after.next()),
        to: Some(until),
        model: None,
        event: None,
    };
    let recorded = app.commands.record_look(&command.context, AuditEvent::Replayed(look)).await?;
    let body = serde_json::to_vec(&shown).map_err(|error| Problem::failed(&error))?;
    Ok(HttpResponse::Ok()
        .insert_header(("Draxis-Position", recorded.position.get()))
        .content_type("application/json")
        .body(body))
}
