//! The expert panel: `/api/panel-sessions`. A question is answered at once, or word by word to whoever takes an event stream.

mod stream;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use draxis_commands::Permission;
use draxis_domain::panel::KeptFact;
use draxis_domain::{FactKey, FactValue, PanelSessionId, Question};
use draxis_projections::{PanelSessionRow, PanelTurnRow};
use serde::{Deserialize, Serialize};

use crate::answer::{Answered, committed, json};
use crate::app::App;
use crate::page::Listing;
use crate::path::Id;
use crate::problem::Problem;
use crate::request::{Command, Nothing, Query};

/// The body of `POST /api/panel-sessions`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskBody {
    /// What is asked.
    pub question: Question,
}

/// The body of `POST /api/panel-sessions/{id}/messages`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageBody {
    /// What is asked.
    pub text: Question,
}

/// The body of `POST /api/panel-sessions/{id}/end`.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndBody {
    /// What is to be kept in the institutional memory: facts, keys of what an answer holds worth keeping, or plain sentences.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub keep: Vec<Keep>,
}

/// Something to be kept.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(untagged, expecting = "must be {\"key\", \"value\"} or a text")]
pub enum Keep {
    /// A fact.
    Fact(KeptFact),
    /// The key of something that an answer holds worth keeping, or a sentence.
    Text(FactValue),
}

/// A session with all that was asked and answered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transcript {
    #[serde(flatten)]
    session: PanelSessionRow,
    #[serde(rename = "transcript")]
    turns: Vec<PanelTurnRow>,
}

/// `POST /api/panel-sessions`.
pub async fn open(app: Data<App>, request: HttpRequest, command: Command<AskBody>) -> Answered {
    let Command { context, body } = command;
    if wants_stream(&request) {
        return stream::answered(
            &app,
            (context, StatusCode::CREATED),
            |desk, context, listener| async move { desk.open(&context, body.question, listener).await },
        );
    }
    Ok(committed(app.panel.open(&context, body.question, None).await?))
}

/// `POST /api/panel-sessions/{id}/messages`.
pub async fn message(
    app: Data<App>,
    request: HttpRequest,
    id: Path<Id<PanelSessionId>>,
    command: Command<MessageBody>,
) -> Answered {
    let Command { context, body } = command;
    context.caller.must(Permission::AskPanel)?;
    let id = id.get("panel session")?;
    if wants_stream(&request) {
        return stream::answered(
            &app,
            (context, StatusCode::OK),
            move |desk, context, listener| async move { desk.message(&context, id, body.text, listener).await },
        );
    }
    Ok(committed(app.panel.message(&context, id, body.text, None).await?))
}

fn wants_stream(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accepted.is_some_and(|accept| accept.contains("text/event-stream"))
}

/// `POST /api/panel-sessions/{id}/end`: freezes it, and puts what is agreed into the memory.
pub async fn end(app: Data<App>, id: Path<Id<PanelSessionId>>, command: Command<EndBody>) -> Answered {
    let Command { context, body } = command;
    context.caller.must(Permission::AskPanel)?;
    let (tenant, id) = (context.caller.tenant()?, id.get("panel session")?);
    let found = app.read_models.find_panel_session(tenant, id, None).await?;
    let (_, turns) = found.ok_or_else(|| Problem::not_found("panel session"))?;
    let offered: Vec<KeptFact> = turns.into_iter().flat_map(|turn| turn.worth_keeping).collect();
    let kept = body.keep.into_iter().enumerate().map(|(n, keep)| kept(id, n, keep, &offered));
    Ok(committed(app.commands.end_panel_session(&context, id, kept.collect::<Result<_, _>>()?).await?))
}

/// What is meant by something to be kept.
fn kept(id: PanelSessionId, n: usize, keep: Keep, offered: &[KeptFact]) -> Result<KeptFact, Problem> {
    match keep {
        Keep::Fact(fact) => Ok(fact),
        Keep::Text(text) => {
            if let Some(fact) = offered.iter().rev().find(|fact| fact.key.as_str() == text.as_str()) {
                return Ok(fact.clone());
            }
            let key = FactKey::parse(&format!("panel.{id}.{}", n.saturating_add(1)));
            let key = key.map_err(|error| Problem::invalid_at(format!("/keep/{n}"), error.to_string()))?;
            Ok(KeptFact { key, value: text })
        }
    }
}

/// `GET /api/panel-sessions`: newest first.
pub async fn list(app: Data<App>, query: Listing<Nothing>) -> Answered {
    let sessions = app.read_models.list_panel_sessions(query.tenant()?, query.at_least, &query.page).await?;
    json(StatusCode::OK, &sessions)
}

/// `GET /api/panel-sessions/{id}`.
pub async fn show(app: Data<App>, id: Path<Id<PanelSessionId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let id = id.get("panel session")?;
    let found = app.read_models.find_panel_session(tenant, id, query.at_least).await?;
    let (session, turns) = found.ok_or_else(|| Problem::not_found("panel session"))?;
    json(StatusCode::OK, &Transcript { session, turns })
}

/// What comes to who takes an event stream, for the description.
pub const EVENTS: &str = "\
With `Accept: text/event-stream` the answer comes as server-sent events. \
`session` {id, position}: which session it is, and the position of the data that is looked at. \
`step` {what}: what a model is doing. \
`draft` {nth, text, checked: false}: words of an answer as a model writes it, unchecked, with every figure blotted out (`…`); one \
that is returned to the model is followed by another with a higher `nth`, which takes its place; whatever was shown of drafts gives way to the answer. \
`experts` {experts}: who was called, and why. \
`token` {text}: pieces of the answer, once every figure in it has been checked. \
`answer`: the whole of it, as without a stream; its event id is the position of the log. \
`problem`: what came in the way, in the place of all that would have followed.";

/// Starts an answer that is sent piece by piece.
fn event_stream(status: StatusCode) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.content_type("text/event-stream").insert_header(("X-Accel-Buffering", "no"));
    response
}
