//! `GET /api/audit/explain`: why an event happened, up to a person, a connector's run or a workflow's step, and what came of it.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use draxis_commands::CommandError;
use draxis_domain::audit::{AuditEvent, ReplayView, StreamReplayed};
use draxis_domain::{Actor, EventId, Metadata};
use draxis_event_store::{StoredEvent, TenantTx, effects_of, find_event, recorded_together};
use serde::{Deserialize, Serialize};

use super::shown::{EventAnswer, shown};
use crate::answer::{Answered, json};
use crate::app::App;
use crate::problem::Problem;
use crate::request::Query;

/// No chain of reactions is longer (hazards H11), whatever a stream says.
const DEEPEST: usize = 16;
/// So many effects are shown, the earliest.
const EFFECTS: u32 = 200;

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
    let pool = &app.commands.pools().app;
    let mut transaction = TenantTx::begin(pool, tenant).await.map_err(CommandError::from)?;
    let found = find_event(&mut transaction, &id.to_string()).await.map_err(CommandError::from)?;
    let event = found.ok_or_else(|| Problem::not_found("event"))?;
    let causes = causes_of(&mut transaction, &event).await?;
    let together = recorded_together(&mut transaction, &event).await.map_err(CommandError::from)?;
    let together: Vec<StoredEvent> =
        together.into_iter().filter(|it| it.event_id != event.event_id).collect();
    let (effects, more_effects) = all_effects_of(&mut transaction, &event, &together).await?;
    drop(transaction);
    let look =
        StreamReplayed { view: ReplayView::Explanation, as_of: None, from: None, to: None, event: Some(id) };
    app.commands.record_look(&query.context(), AuditEvent::Replayed(look)).await?;
    let explanation = Explanation {
        origin: origin(causes.last().unwrap_or(&event))?,
        event: shown(event)?,
        together: together.into_iter().map(shown).collect::<Result<_, _>>()?,
        causes: causes.into_iter().map(shown).collect::<Result<_, _>>()?,
        effects,
        more_effects,
    };
    json(StatusCode::OK, &explanation)
}

fn metadata_of(event: &StoredEvent) -> Result<Metadata, Problem> {
    serde_json::from_str(&event.metadata).map_err(|error| Problem::failed(&error))
}

/// The event's cause, that one's cause, and so on to the first.
async fn causes_of(transaction: &mut TenantTx, event: &StoredEvent) -> Result<Vec<StoredEvent>, Problem> {
    let mut causes: Vec<StoredEvent> = Vec::new();
    while causes.len() < DEEPEST {
        let Some(id) = metadata_of(causes.last().unwrap_or(event))?.causation else { break };
        let cause = find_event(transaction, &id.to_string()).await.map_err(CommandError::from)?;
        let Some(cause) = cause else { break };
        causes.push(cause);
    }
    Ok(causes)
}

/// Everything that followed, level by level. What followed from a neighbour of the same command followed from the command.
async fn all_effects_of(
    transaction: &mut TenantTx,
    event: &StoredEvent,
    together: &[StoredEvent],
) -> Result<(Vec<Effect>, bool), Problem> {
    let mut effects = BTreeMap::new();
    let mut causes: Vec<String> = [event].into_iter().chain(together).map(|it| it.event_id.clone()).collect();
    for depth in 1..=DEEPEST {
        let found =
            effects_of(transaction, &causes, event.position, EFFECTS).await.map_err(CommandError::from)?;
        causes = found.iter().map(|effect| effect.event_id.clone()).collect();
        for effect in found {
            let Some(cause) = metadata_of(&effect)?.causation else { continue };
            let place = effect.position;
            effects.entry(place).or_insert(Effect { cause, depth, event: shown(effect)? });
        }
        if causes.is_empty() {
            break;
        }
    }
    let most = usize::try_from(EFFECTS).unwrap_or(usize::MAX);
    let more = effects.len() > most;
    Ok((effects.into_values().take(most).collect(), more))
}

fn origin(first: &StoredEvent) -> Result<Origin, Problem> {
    let metadata = metadata_of(first)?;
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
    Ok(Origin { metadata, words })
}
