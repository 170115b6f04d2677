//! Values that come to a source by themselves, and the tokens that let machines send them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::source::{MintedPushToken, PushTokenBody};
use draxis_commands::{Context, Permission};
use draxis_domain::source::DeliveryWay;
use draxis_domain::{KriSlug, PushTokenId, Quantity, SourceId, Violation};
use draxis_runner::connector::reading::{Reading, ReadingMistake};
use draxis_runner::connector::{csv, push as batch};
use serde_json::{Value, json};

use crate::answer::{Answered, committed, json as answer};
use crate::app::App;
use crate::delivery::{Arriving, Delivered};
use crate::outcome::ReasonBody;
use crate::path::Id;
use crate::problem::Problem;
use crate::request::{Command, Nothing, Query};

/// The body of `POST /api/kri-sources/<id>/values`, for its description: it is read with exact decimals by the connector.
#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "its schema is all there is to it")]
pub struct PushBody {
    /// Up to 1,000 values.
    #[schemars(length(min = 1, max = 1000))]
    values: Vec<PushedValue>,
}

/// One of them.
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "its schema is all there is to it")]
pub struct PushedValue {
    /// The KRI's slug.
    slug: KriSlug,
    /// What was measured.
    value: Quantity,
    /// When it was so; now, where it is left out.
    observed_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// `POST /api/kri-sources/{id}/values`: a batch of values, taken whole or refused with every mistake.
pub async fn push(app: Data<App>, id: Path<Id<SourceId>>, delivered: Delivered) -> Answered {
    let source = delivered.receiver(&app, &id).await?;
    let readings = batch::read(delivered.text("application/json")?, app.commands.clock().now());
    receive(&app, (source, DeliveryWay::Push), readings, delivered.context).await
}

/// `POST /api/kri-sources/{id}/upload`: a file of values, taken whole or refused with every mistake by its line.
pub async fn upload(app: Data<App>, id: Path<Id<SourceId>>, arriving: Arriving) -> Answered {
    let source = arriving.receiver(&app, &id, "text/csv").await?;
    let now = app.commands.clock().now();
    let (context, readings) = arriving.read(move |file| csv::read(file, now)).await?;
    receive(&app, (source, DeliveryWay::Upload), readings, context).await
}

async fn receive(
    app: &App,
    (source, way): (SourceId, DeliveryWay),
    readings: Result<Vec<Reading>, Vec<ReadingMistake>>,
    context: Context,
) -> Answered {
    let readings = readings.map_err(misfits)?;
    Ok(committed(app.source_runs.receive(context, source, (way, readings)).await?))
}

fn misfits(mistakes: Vec<ReadingMistake>) -> Problem {
    let violation = |mistake: ReadingMistake| match mistake.place.strip_prefix("line ") {
        Some(line) => Violation { pointer: format!("/lines/{line}"), detail: mistake.reason },
        None => Violation { pointer: mistake.place, detail: mistake.reason },
    };
    Problem::invalid("values_do_not_fit", mistakes.into_iter().map(violation).collect())
}

/// `POST /api/kri-sources/{id}/push-tokens`: the one time that the token is seen.
pub async fn mint(app: Data<App>, id: Path<Id<SourceId>>, command: Command<PushTokenBody>) -> Answered {
    let minted = app.commands.mint_push_token(&command.context, id.get("source")?, command.body).await?;
    let MintedPushToken { done, token } = minted;
    let mut shown: Value = serde_json::from_slice(&done.answer.body).unwrap_or_default();
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("token".to_owned(), token.expose().into());
    }
    let mut response = HttpResponse::Created();
    response.insert_header(("Draxis-Position", done.position.get()));
    Ok(response.json(shown))
}

/// `GET /api/kri-sources/{id}/push-tokens`.
pub async fn list(app: Data<App>, id: Path<Id<SourceId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::ManageSources)?;
    let tokens = app.commands.push_tokens(tenant, id.get("source")?).await?;
    answer(StatusCode::OK, &json!({ "items": tokens }))
}

/// `DELETE /api/kri-sources/{id}/push-tokens/{tokenId}`.
pub async fn revoke(
    app: Data<App>,
    ids: Path<(Id<SourceId>, Id<PushTokenId>)>,
    command: Command<ReasonBody>,
) -> Answered {
    let context = command.context.because(command.body.reason);
    let which = (ids.0.get("source")?, ids.1.get("push token")?);
    let mut done = app.commands.revoke_push_token(&context, which).await?;
    done.answer.version = None;
    Ok(committed(done))
}
