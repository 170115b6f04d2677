//! Which model the deployment asks, where, and what that may cost.

use std::path::PathBuf;
use std::sync::Arc;

use draxis_domain::Quantity;
use draxis_domain::model_config::Provider;
use draxis_runner::model::{ModelSettings, Prices};

use super::environment::Environment;
use super::setting::{Setting, Settings};
use super::{ConfigError, secret};

pub(super) fn choose(settings: &Settings, environment: &Environment) -> Result<ModelSettings, ConfigError> {
    let provider = settings.required(Setting::ModelProvider, provider)?;
    let file = settings.text(Setting::ModelKeyFile).map(PathBuf::from);
    let key = match environment.secret("DRAXIS_MODEL_KEY")? {
        Some(key) => Some(key),
        None => file.as_deref().map(secret::from_file).transpose()?,
    };
    let model = settings.text(Setting::ModelName).map(str::to_owned);
    let needs = |needs| {
        let origin = settings.origin(Setting::ModelProvider).cloned();
        origin.map_or(Ok(()), |origin| Err(ConfigError::Incomplete { origin, needs }))
    };
    if provider != Provider::Rules && model.is_none() {
        needs("model.name, as the provider calls it")?;
    }
    if provider == Provider::Anthropic && key.is_none() {
        needs("a key: DRAXIS_MODEL_KEY or model.key_file")?;
    }
    let input = settings.optional(Setting::ModelInputPrice, price)?;
    let output = settings.optional(Setting::ModelOutputPrice, price)?;
    Ok(ModelSettings {
        provider,
        model,
        base_url: settings.text(Setting::ModelBaseUrl).map(str::to_owned),
        key: key.map(Arc::new),
        prices: input.zip(output).map(|(input, output)| Prices { input, output }),
        tokens_per_day: settings.required(Setting::ModelTokensPerDay, count)?,
        turns_per_day: settings.required(Setting::ModelTurnsPerDay, count)?,
    })
}

fn provider(text: &str) -> Result<Provider, String> {
    match text {
        "rules" => Ok(Provider::Rules),
        "anthropic" => Ok(Provider::Anthropic),
        "openai" => Ok(Provider::Openai),
        _ => Err(format!("`{text}` is no provider: write rules, anthropic or openai")),
    }
}

fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no number: write such as 2000000"))
}

fn price(text: &str) -> Result<Quantity, String> {
    let price = Quantity::parse(text).ok().filter(|price| *price >= Quantity::ZERO);
    price.ok_or_else(|| format!("`{text}` is no price: write such as \"3.00\""))
}
