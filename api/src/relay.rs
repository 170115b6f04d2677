//! Relays, how a tenant's workflows reach the outside: `/api/relay-config`. What is secret comes in and never goes out.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;
use draxis_commands::secret::Secret;
use draxis_domain::relay::{Channel, RelaySettings};
use draxis_domain::workflow::Standing;
use draxis_domain::{Reason, Violation, WorkflowId};
use draxis_projections::{RelayRow, WorkflowSummary};
use draxis_runner::relay::RelayCredentials;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json as object};

use crate::answer::{Answered, committed, found, json};
use crate::app::App;
use crate::body::named_field;
use crate::outcome::ReasonBody;
use crate::problem::Problem;
use crate::request::{Command, Nothing, Query};

/// The body of `PUT /api/relay-config/{channel}`.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RelayBody {
    /// Everything but the secret, as the channel has it.
    settings: Map<String, Value>,
    /// The channel's secret by its name; the one that is kept stays where none is sent.
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    credentials: Option<BTreeMap<String, Secret>>,
    /// Why.
    #[serde(default)]
    reason: Option<Reason>,
}

/// A relay as it is shown, whether it is set up or not.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RelayItem {
    channel: Channel,
    configured: bool,
    #[serde(flatten)]
    relay: Map<String, Value>,
    used_by: Vec<UsedBy>,
}

/// A workflow that goes through a relay.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
struct UsedBy {
    id: WorkflowId,
    name: String,
    state: Standing,
}

fn channel(word: &str) -> Result<Channel, Problem> {
    Channel::find(word).ok_or_else(|| Problem::not_found("relay"))
}

#[expect(clippy::needless_pass_by_value, reason = "the row becomes the item")]
fn item(channel: Channel, row: Option<RelayRow>, used_by: Option<&Vec<WorkflowSummary>>) -> RelayItem {
    let configured = row.is_some();
    let mut relay = match object!(row) {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    };
    relay.remove("channel");
    let used = |workflow: &WorkflowSummary| UsedBy {
        id: workflow.id,
        name: workflow.name.clone(),
        state: workflow.state,
    };
    RelayItem { channel, configured, relay, used_by: used_by.into_iter().flatten().map(used).collect() }
}

/// `GET /api/relay-config`: every channel there is.
pub async fn list(app: Data<App>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let mut rows: BTreeMap<Channel, RelayRow> = app
        .read_models
        .list_relays(tenant, query.at_least)
        .await?
        .into_iter()
        .map(|row| (row.channel, row))
        .collect();
    let used = app.read_models.workflows_by_relay(tenant, query.at_least).await?;
    let items: Vec<_> = Channel::ALL
        .into_iter()
        .map(|channel| item(channel, rows.remove(&channel), used.get(&channel)))
        .collect();
    json(StatusCode::OK, &object!({ "items": items, "nextCursor": null }))
}

/// `GET /api/relay-config/{channel}`.
pub async fn show(app: Data<App>, word: Path<String>, query: Query<Nothing>) -> Answered {
    let (tenant, channel) = (query.tenant(Permission::Read)?, channel(&word)?);
    let row = app.read_models.find_relay(tenant, channel, query.at_least).await?;
    let version = row.as_ref().map(|row| row.version).unwrap_or_default();
    let used = app.read_models.workflows_by_relay(tenant, query.at_least).await?;
    let shown = row.map(|row| item(channel, Some(row), used.get(&channel)));
    found("relay", shown, |_| version)
}

/// `PUT /api/relay-config/{channel}`: sets it up, or anew.
pub async fn configure(app: Data<App>, word: Path<String>, command: Command<RelayBody>) -> Answered {
    let channel = channel(&word)?;
    command.context.caller.must(Permission::ManageWorkflows)?;
    let RelayBody { settings, credentials, reason } = command.body;
    let settings =
        RelaySettings::read(channel, Value::Object(settings)).map_err(|error| misfit(&error.to_string()))?;
    let credentials = RelayCredentials::new(credentials.unwrap_or_default());
    let secret = if credentials.is_empty() {
        None
    } else {
        credentials.check(&settings)?;
        Some(credentials.seal())
    };
    let context = command.context.because(reason);
    Ok(committed(app.commands.configure_relay(&context, settings, secret).await?))
}

fn misfit(detail: &str) -> Problem {
    let field = named_field(detail).map(|field| format!("/{}", field.replace('~', "~0").replace('/', "~1")));
    let pointer = format!("/settings{}", field.unwrap_or_default());
    Problem::invalid("relay.settings_invalid", vec![Violation { pointer, detail: detail.to_owned() }])
}

/// `DELETE /api/relay-config/{channel}`.
pub async fn remove(app: Data<App>, word: Path<String>, command: Command<ReasonBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    Ok(committed(app.commands.remove_relay(&context, channel(&word)?).await?))
}

/// `POST /api/relay-config/{channel}/test`: tries it against its far side.
pub async fn test(app: Data<App>, word: Path<String>, command: Command<Nothing>) -> Answered {
    Ok(committed(app.relays.test(&command.context, channel(&word)?).await?))
}
