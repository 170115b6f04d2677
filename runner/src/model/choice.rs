//! Which model is asked for a tenant: what the tenant has chosen, else what the deployment has, else none.

use std::sync::Arc;

use draxis_commands::secret::Secret;
use draxis_commands::{CommandError, Commands};
use draxis_domain::model_config::Provider;
use draxis_domain::panel::Usage;
use draxis_domain::{Quantity, TenantId};
use rust_decimal::Decimal;

use super::{Anthropic, Limits, Model, OpenAi, Tokens};
use crate::egress::Egress;

/// What the deployment has chosen. It may hold a key: no `Debug`.
#[derive(Clone)]
pub struct ModelSettings {
    /// Which protocol.
    pub provider: Provider,
    /// Which model.
    pub model: Option<String>,
    /// Where, where that is not the provider's own address.
    pub base_url: Option<String>,
    /// The key.
    pub key: Option<Arc<Secret>>,
    /// What tokens cost.
    pub prices: Option<Prices>,
    /// How many tokens a tenant may spend within a day.
    pub tokens_per_day: u64,
    /// How often a tenant may have a model asked within a day.
    pub turns_per_day: u64,
}

impl Default for ModelSettings {
    fn default() -> Self {
        let (model, base_url, key, prices) = (None, None, None, None);
        Self {
            provider: Provider::Rules,
            model,
            base_url,
            key,
            prices,
            tokens_per_day: 2_000_000,
            turns_per_day: 5_000,
        }
    }
}

/// What a million tokens cost, in whatever currency the operator thinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prices {
    /// Of those that are sent.
    pub input: Quantity,
    /// Of those that come back.
    pub output: Quantity,
}

/// What may still be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Tokens.
    pub tokens: u64,
    /// How often a model may be asked.
    pub turns: u64,
    /// What they cost, where that is known.
    pub prices: Option<Prices>,
}

impl Budget {
    /// Limits within what is left of it, once so many tokens of it are spent.
    pub fn within(&self, limits: Limits, spent: u64) -> Limits {
        let turns = u32::try_from(self.turns).unwrap_or(u32::MAX);
        Limits {
            turns: limits.turns.min(turns),
            tokens: limits.tokens.min(self.tokens).saturating_sub(spent),
            ..limits
        }
    }

    /// What an answer took, with what it cost.
    pub fn usage(&self, calls: u32, tokens: Tokens) -> Usage {
        let cost = self.prices.and_then(|prices| {
            let of = |tokens: u64, price: Quantity| {
                let millionth = Decimal::new(1, 6);
                price.decimal().checked_mul(Decimal::from(tokens))?.checked_mul(millionth)
            };
            of(tokens.input, prices.input)?.checked_add(of(tokens.output, prices.output)?)
        });
        let cost = cost.map(|cost| Quantity::new(cost.round_dp(6).normalize()));
        Usage { calls, input_tokens: tokens.input, output_tokens: tokens.output, cost }
    }
}

/// Where a tenant's model comes from. A model that was handed in, by a test, stands before all.
#[derive(Clone)]
pub struct Models {
    commands: Commands,
    egress: Arc<Egress>,
    settings: ModelSettings,
    handed_in: Option<Arc<dyn Model>>,
}

impl Models {
    /// Models that are reached through the one way out.
    pub const fn new(commands: Commands, egress: Arc<Egress>, settings: ModelSettings) -> Self {
        Self { commands, egress, settings, handed_in: None }
    }

    /// The same with a model that is asked for everybody.
    #[must_use]
    pub fn with(self, model: Arc<dyn Model>) -> Self {
        Self { handed_in: Some(model), ..self }
    }

    /// The model of a tenant with what may be spent on it; none where rules are to answer.
    pub async fn of(&self, tenant: TenantId) -> Result<Option<(Arc<dyn Model>, Budget)>, CommandError> {
        let (config, key) = self.commands.open_model(tenant).await?;
        let chosen = config.chosen().map(|chosen| chosen.choice.clone());
        // The operator's prices are those of the operator's model.
        let prices = self.settings.prices.filter(|_| chosen.is_none());
        let own = chosen.as_ref().and_then(|choice| choice.tokens_per_day).unwrap_or(u64::MAX);
        let model: Option<Arc<dyn Model>> = match (&self.handed_in, chosen) {
            (Some(model), _) => Some(Arc::clone(model)),
            (None, Some(choice)) => {
                let name = choice.model.map(String::from);
                let base = choice.base_url.map(String::from);
                self.build(choice.provider, (name.as_deref(), base.as_deref()), key.map(Arc::new))
            }
            (None, None) => {
                let settings = &self.settings;
                let place = (settings.model.as_deref(), settings.base_url.as_deref());
                self.build(settings.provider, place, settings.key.clone())
            }
        };
        let Some(model) = model else { return Ok(None) };
        let spent = self.commands.spent_on_models(tenant, self.commands.clock().now()).await?;
        let tokens = own.min(self.settings.tokens_per_day).saturating_sub(spent.tokens);
        let turns = self.settings.turns_per_day.saturating_sub(spent.turns);
        Ok(Some((model, Budget { tokens, turns, prices })))
    }

    fn build(
        &self,
        provider: Provider,
        (model, base): (Option<&str>, Option<&str>),
        key: Option<Arc<Secret>>,
    ) -> Option<Arc<dyn Model>> {
        let egress = Arc::clone(&self.egress);
        match (provider, model, key) {
            (Provider::Anthropic, Some(model), Some(key)) => {
                Some(Arc::new(Anthropic::new(egress, base, model, key)))
            }
            (Provider::Openai, Some(model), key) => Some(Arc::new(OpenAi::new(egress, base, model, key))),
            (Provider::Rules | Provider::Anthropic | Provider::Openai, _, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use draxis_domain::Quantity;

    use super::{Budget, Prices};
    use crate::model::{Limits, Tokens};

    fn price(text: &str) -> Quantity {
        Quantity::parse(text).unwrap()
    }

    #[test]
    fn an_answer_says_what_it_cost_where_prices_are_known() {
        let prices = Some(Prices { input: price("3.00"), output: price("15") });
        let tokens = Tokens { input: 12_000, output: 1_500 };
        let usage = Budget { tokens: 0, turns: 0, prices }.usage(3, tokens);
        assert_eq!((usage.calls, usage.cost), (3, Some(price("0.0585"))));
        assert_eq!(Budget { tokens: 0, turns: 0, prices: None }.usage(3, tokens).cost, None);
    }

    #[test]
    fn nobody_goes_further_than_what_is_left() {
        let budget = Budget { tokens: 100, turns: 2, prices: None };
        let limits = budget.within(Limits::default(), 40);
        assert_eq!((limits.tokens, limits.turns), (60, 2));
        let plenty = Budget { tokens: u64::MAX, turns: u64::MAX, prices: None };
        assert_eq!(plenty.within(Limits::default(), 0), Limits::default());
    }
}
