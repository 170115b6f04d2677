//! Previews: links that show one workflow once. Minting and taking back here, looking at them in `visit`.

mod page;
pub mod visit;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use draxis_commands::preview::NewPreview;
use draxis_domain::preview::PreviewStanding;
use draxis_domain::{Description, Position, PreviewId, WorkflowId};
use draxis_projections::PreviewRow;
use serde::{Deserialize, Serialize};
use serde_json::json as object;

use crate::answer::{Answered, committed, json};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::page::Listing;
use crate::path::Id;
use crate::person::{Names, Person};
use crate::problem::Problem;
use crate::request::{Command, Nothing};

/// How long a preview can be looked at where nobody says so (decided).
const USUAL_HOURS: u32 = 24;

/// The body of `POST /api/workflows/{id}/previews`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreviewBody {
    /// How many hours it can be looked at, from 1 to 720.
    #[serde(default = "usual_hours")]
    expires_in_hours: u32,
    /// Whom it is for.
    #[serde(default)]
    note: Option<Description>,
}

const fn usual_hours() -> u32 {
    USUAL_HOURS
}

/// A preview as a list shows it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewItem {
    id: PreviewId,
    workflow_id: WorkflowId,
    position: Position,
    state: PreviewState,
    note: Option<Description>,
    minted_by: Person,
    minted_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    viewed_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    misses: u32,
    last_missed_at: Option<DateTime<Utc>>,
}

/// Whether it can still be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum PreviewState {
    Open,
    Viewed,
    Revoked,
    Expired,
}

impl PreviewState {
    fn of(preview: &PreviewRow, now: DateTime<Utc>) -> Self {
        match preview.standing {
            PreviewStanding::Viewed => Self::Viewed,
            PreviewStanding::Revoked => Self::Revoked,
            PreviewStanding::Open if preview.expires_at <= now => Self::Expired,
            PreviewStanding::Open => Self::Open,
        }
    }
}

/// `POST /api/workflows/{id}/previews`: the token is in the answer, and nowhere else.
pub async fn mint(
    app: Data<App>,
    request: HttpRequest,
    id: Path<Id<WorkflowId>>,
    command: Command<PreviewBody>,
) -> Answered {
    let id = id.get("workflow")?;
    let PreviewBody { expires_in_hours, note } = command.body;
    let asked = NewPreview { expires_in_hours, note };
    let minted = app.commands.mint_preview(&command.context, id, asked).await?;
    let connection = request.connection_info();
    let url = format!("{}://{}/api/public/workflow/{}", connection.scheme(), connection.host(), minted.token);
    let body =
        object!({ "id": minted.id, "token": minted.token, "url": url, "expiresAt": minted.expires_at });
    let mut done = minted.done;
    done.answer.body = body.to_string().into_bytes();
    Ok(committed(done))
}

/// `GET /api/workflows/{id}/previews`: newest first, without their tokens.
pub async fn list(app: Data<App>, id: Path<Id<WorkflowId>>, query: Listing<Nothing>) -> Answered {
    let (tenant, id) = (query.tenant()?, id.get("workflow")?);
    if app.read_models.find_workflow(tenant, id, query.at_least).await?.is_none() {
        return Err(Problem::not_found("workflow"));
    }
    let found = app.read_models.list_previews(tenant, id, query.at_least, &query.page).await?;
    let names = Names::of(&app, found.items.iter().map(|preview| preview.minted_by)).await?;
    let now = app.commands.clock().now();
    let items: Vec<_> = found.items.into_iter().map(|preview| item(preview, &names, now)).collect();
    json(StatusCode::OK, &object!({ "items": items, "nextCursor": found.next_cursor }))
}

fn item(preview: PreviewRow, names: &Names, now: DateTime<Utc>) -> PreviewItem {
    PreviewItem {
        state: PreviewState::of(&preview, now),
        id: preview.id,
        workflow_id: preview.workflow_id,
        position: preview.position,
        note: preview.note,
        minted_by: names.person(preview.minted_by, None),
        minted_at: preview.minted_at,
        expires_at: preview.expires_at,
        viewed_at: preview.viewed_at,
        revoked_at: preview.revoked_at,
        misses: preview.misses,
        last_missed_at: preview.last_missed_at,
    }
}

/// `DELETE /api/workflows/{id}/previews/{previewId}`: takes it back.
pub async fn revoke(
    app: Data<App>,
    ids: Path<(Id<WorkflowId>, Id<PreviewId>)>,
    command: Command<ReasonBody>,
) -> Answered {
    let ids = (ids.0.get("workflow")?, ids.1.get("preview")?);
    let context = command.context.because(command.body.reason);
    Ok(committed(app.commands.revoke_preview(&context, ids).await?))
}
