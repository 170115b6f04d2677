//! `GET /api/audit/explain`: why an event happened, up to a person, a connector's run or a workflow's step, and what came of it.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use draxis_domain::audit::{AuditEvent, ReplayView, StreamReplayed};
use draxis_domain::{Actor, EventId, Metadata};
use draxis_event_store::StoredEvent;
use draxis_projections::{Effect as Followed, EventExplained};
use serde::{Deserialize, Serialize};

use super::shown::{EventAnswer, shown};
use crate::answer::{Answered, json};
use crate::app::App;
use crate::problem::Problem;
use crate::request::Query;

/// The query parameters of an explanation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainQuery {
    event: String,
}

/// Why it happened and what came of it.
#[derive(Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation {
    event: EventAnswer,
    /// What the same command recorded besides.
    together: Vec<EventAnswer>,
    /// From the event that caused it up to the first of the chain.
    causes: Vec<EventAnswer>,
    /// Where the chain begins.
    origin: Origin,
    /// What followed from it and from that, in order, each with the event it followed from.
    effects: Vec<Effect>,
    /// Whether there are more effects than are shown.
    more_effects: bool,
}

#[derive(Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Origin {
    #[serde(flatten)]
    metadata: Metadata,
    words: String,
}

#[derive(Serialize, schemars::JsonSchema)]
pub(crate) struct Effect {
    cause: EventId,
    depth: usize,
    #[serde(flatten)]
    event: EventAnswer,
}

/// `GET /api/audit/explain`.
pub async fn explain(app: Data<App>, query: Query<ExplainQuery>) -> Answered {
    let tenant = query.caller.audited_stream()?;
    let id: EventId = query.parameters.event.parse().map_err(|_| Problem::not_found("event"))?;
    let found = app.read_models.explain_event(tenant, id).await?;
    let explained = found.ok_or_else(|| Problem::not_found("event"))?;
    let look = StreamReplayed {
        view: ReplayView::Explanation,
        as_of: None,
        from: None,
        to: None,
        model: None,
        event: Some(id),
    };
    app.commands.record_look(&query.context(), AuditEvent::Replayed(look)).await?;
    let EventExplained { event, together, causes, effects, more_effects } = explained;
    let effect = |Followed { cause, depth, event }| Ok(Effect { cause, depth, event: shown(event)? });
    let explanation = Explanation {
        origin: origin(causes.last().unwrap_or(&event))?,
        event: shown(event)?,
        together: together.into_iter().map(shown).collect::<Result<_, _>>()?,
        causes: causes.into_iter().map(shown).collect::<Result<_, _>>()?,
        effects: effects.into_iter().map(effect).collect::<Result<_, Problem>>()?,
        more_effects,
    };
    json(StatusCode::OK, &explanation)
}

fn metadata_of(event: &StoredEvent) -> Result<Metadata, Problem> {
    serde_json::from_str(&event.metadata).map_err(|error| Problem::failed(&error))
}

fn origin(first: &StoredEvent) -> Result<Origin, Problem> {
    let metadata = metadata_of(first)?;
    let words = in_words(&metadata);
    Ok(Origin { metadata, words })
}

/// Who began it, in words.
pub(crate) fn in_words(metadata: &Metadata) -> String {
    let mut words = match metadata.actor {
        Actor::Account(id) => format!("the person with account {id} did it"),
        Actor::ApiToken(id) => format!("a machine with the API token {id} did it"),
        Actor::WorkflowRun(id) => format!("the workflow run {id} did it"),
        Actor::Runner => "the program did it by itself: a schedule, a timer or a connector".to_owned(),
        Actor::Public => "somebody who had not signed in did it".to_owned(),
    };
    for (opening, text) in [
        (", ", metadata.impersonator.map(|_| "who is no member of the tenant".to_owned())),
        (", within ", metadata.correlation.clone()),
        (", because: ", metadata.reason.as_ref().map(|reason| reason.as_str().to_owned())),
    ] {
        if let Some(text) = text {
            words.push_str(opening);
            words.push_str(&text);
        }
    }
    words
}
