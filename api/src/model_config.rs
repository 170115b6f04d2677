//! Which model a tenant's panel and interviews ask: `/api/model-config`. The key comes in and never goes out.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use draxis_commands::Permission;
use draxis_commands::secret::Secret;
use draxis_domain::model_config::{ModelChoice, Provider};
use draxis_domain::{Name, Reason};
use serde::Deserialize;
use serde_json::json as object;

use crate::answer::{Answered, committed, json};
use crate::app::App;
use crate::outcome::ReasonBody;
use crate::request::{Command, Nothing, Query};

/// The body of `PUT /api/model-config`.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelBody {
    /// Which protocol the model is spoken to in; `rules` for none.
    provider: Provider,
    /// The model, as the provider calls it.
    #[serde(default)]
    model: Option<Name>,
    /// Where it is reached, where that is not the provider's own address.
    #[serde(default)]
    base_url: Option<Name>,
    /// How many tokens may be spent within a day, if that is less than the deployment allows.
    #[serde(default)]
    tokens_per_day: Option<u64>,
    /// The key; the one that is kept stays where none is sent.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    key: Option<Secret>,
    /// Why.
    #[serde(default)]
    reason: Option<Reason>,
}

/// `GET /api/model-config`: everything but the key.
pub async fn show(app: Data<App>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let (config, _key) = app.commands.open_model(tenant).await?;
    let spent = app.commands.spent_on_models(tenant, app.commands.clock().now()).await?;
    let shown = match config.chosen() {
        Some(chosen) => object!({
            "configured": true,
            "version": config.version(),
            "provider": chosen.choice.provider,
            "model": chosen.choice.model,
            "baseUrl": chosen.choice.base_url,
            "tokensPerDay": chosen.choice.tokens_per_day,
            "hasKey": chosen.secret.is_some(),
            "tokensSpentToday": spent.tokens,
            "turnsSpentToday": spent.turns,
        }),
        None => object!({
            "configured": false,
            "version": config.version(),
            "tokensSpentToday": spent.tokens,
            "turnsSpentToday": spent.turns,
        }),
    };
    json(StatusCode::OK, &shown)
}

/// `PUT /api/model-config`.
pub async fn choose(app: Data<App>, command: Command<ModelBody>) -> Answered {
    let ModelBody { provider, model, base_url, tokens_per_day, key, reason } = command.body;
    let choice = ModelChoice { provider, model, base_url, tokens_per_day };
    let key = key.filter(|key| !key.is_empty());
    let context = command.context.because(reason);
    Ok(committed(app.commands.choose_model(&context, choice, key).await?))
}

/// `DELETE /api/model-config`.
pub async fn remove(app: Data<App>, command: Command<ReasonBody>) -> Answered {
    let context = command.context.because(command.body.reason);
    Ok(committed(app.commands.remove_model(&context).await?))
}
