//! Model configuration: which model a tenant's panel asks. The key lies sealed elsewhere; events refer to it.

use serde::{Deserialize, Serialize};

use crate::{Moment, Name, Rejection, SecretId};

/// What a tenant has chosen; there is one choice, under [`ModelConfig::ID`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelConfig {
    /// Counts choices; the `ETag`.
    version: u64,
    /// What was chosen last, unless it was taken back.
    choice: Option<ModelChosen>,
}

/// Which protocol a model is spoken to in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// No model: the built-in rules answer.
    Rules,
    /// Anthropic's.
    Anthropic,
    /// `OpenAI`'s, which many others speak at a base URL of their own.
    Openai,
}

/// Which model, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelChoice {
    /// Which protocol.
    pub provider: Provider,
    /// What the provider calls it; none where rules answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Name>,
    /// Where it is reached, where that is not the provider's own address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<Name>,
    /// How many tokens may be spent within a day; the deployment's limit where it is left out, and never more than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_day: Option<u64>,
}

/// What can be asked of the configuration.
#[derive(Debug, Clone)]
pub enum ModelConfigCommand {
    /// Chooses a model.
    Choose {
        /// Which.
        choice: ModelChoice,
        /// Where a newly sealed key lies; the old one stays where none came, unless the model is reached elsewhere.
        secret: Option<SecretId>,
    },
    /// Takes the choice back: what the deployment has chosen holds.
    Remove,
}

events! {
    /// What happened to the configuration.
    pub enum ModelConfigEvent {
        /// A model was chosen.
        Chosen(ModelChosen) = "model_config.chosen" v 1,
        /// The choice was taken back.
        Removed(ModelRemoved) = "model_config.removed" v 1,
    }
}

/// A model was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelChosen {
    /// The version this made.
    pub version: u64,
    /// Which model.
    pub choice: ModelChoice,
    /// Where its key lies, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretId>,
}

/// The choice was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRemoved {
    /// The version this made.
    pub version: u64,
}

impl ModelConfig {
    /// The id of the one configuration that a tenant has.
    pub const ID: &'static str = "model";

    /// What was chosen, where something is.
    pub const fn chosen(&self) -> Option<&ModelChosen> {
        self.choice.as_ref()
    }

    /// The version a change must name; 0 where there was none.
    pub const fn version(&self) -> u64 {
        self.version
    }

    fn decide(
        &self,
        command: ModelConfigCommand,
        moment: &Moment,
    ) -> Result<Vec<ModelConfigEvent>, Rejection> {
        moment.must_match(self.version)?;
        let version = self.version.saturating_add(1);
        match (command, &self.choice) {
            (ModelConfigCommand::Remove, None) => Ok(Vec::new()),
            (ModelConfigCommand::Remove, Some(_)) => {
                Ok(vec![ModelConfigEvent::Removed(ModelRemoved { version })])
            }
            (ModelConfigCommand::Choose { choice, secret }, before) => {
                choice.check()?;
                // A key goes only where it was meant to go when it was entered.
                let kept = before.as_ref().filter(|before| before.choice.leads_where(&choice));
                let sealed = secret.or_else(|| kept.and_then(|before| before.secret));
                if sealed.is_none() && choice.provider == Provider::Anthropic {
                    let detail = "this provider answers nobody without a key; send one along";
                    return Err(Rejection::invalid("model_config.key_missing", "/key", detail));
                }
                let same =
                    before.as_ref().is_some_and(|before| before.choice == choice && before.secret == sealed);
                if same {
                    return Ok(Vec::new());
                }
                Ok(vec![ModelConfigEvent::Chosen(ModelChosen { version, choice, secret: sealed })])
            }
        }
    }

    fn evolve(&mut self, event: ModelConfigEvent) {
        match event {
            ModelConfigEvent::Chosen(chosen) => {
                self.version = chosen.version;
                self.choice = Some(chosen);
            }
            ModelConfigEvent::Removed(removed) => {
                self.version = removed.version;
                self.choice = None;
            }
        }
    }
}

impl ModelChoice {
    fn check(&self) -> Result<(), Rejection> {
        let wrong =
            |pointer: &str, detail: &str| Err(Rejection::invalid("model_config.invalid", pointer, detail));
        match self.provider {
            Provider::Rules if self.model.is_some() => wrong("/model", "rules are no model: leave it out"),
            Provider::Rules => Ok(()),
            Provider::Anthropic | Provider::Openai if self.model.is_none() => {
                wrong("/model", "must name the model, as the provider calls it")
            }
            Provider::Anthropic | Provider::Openai => match &self.base_url {
                Some(url)
                    if !url.as_str().starts_with("https://") && !url.as_str().starts_with("http://") =>
                {
                    wrong("/baseUrl", "must be an address such as https://models.company.example/v1")
                }
                Some(url) if url.as_str().contains(['?', '#', '@']) => {
                    wrong("/baseUrl", "must have no query, fragment or user name: a key is sent as `key`")
                }
                Some(_) | None => Ok(()),
            },
        }
    }

    /// Whether both are reached at the same place.
    fn leads_where(&self, other: &Self) -> bool {
        self.provider == other.provider && self.base_url == other.base_url
    }
}

aggregate!(ModelConfig, "model_config", ModelConfigCommand, ModelConfigEvent);

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use ulid::Ulid;

    use super::{ModelChoice, ModelConfig, ModelConfigCommand, ModelConfigEvent, Provider};
    use crate::{Actor, Moment, Name, Rejection, SecretId};

    fn give(
        config: &mut ModelConfig,
        command: ModelConfigCommand,
    ) -> Result<Vec<ModelConfigEvent>, Rejection> {
        let events = config.decide(command, &Moment::new(DateTime::UNIX_EPOCH, Actor::Runner))?;
        events.iter().cloned().for_each(|event| config.evolve(event));
        Ok(events)
    }

    fn choose(provider: Provider, base: Option<&str>, key: Option<u128>) -> ModelConfigCommand {
        ModelConfigCommand::Choose {
            choice: ModelChoice {
                provider,
                model: (provider != Provider::Rules).then(|| Name::parse("m").unwrap()),
                base_url: base.map(|base| Name::parse(base).unwrap()),
                tokens_per_day: None,
            },
            secret: key.map(|key| SecretId::new(Ulid(key))),
        }
    }

    #[test]
    fn a_key_stays_until_another_is_sent_and_never_goes_elsewhere() {
        let mut config = ModelConfig::default();
        assert!(give(&mut config, choose(Provider::Anthropic, None, None)).is_err());
        give(&mut config, choose(Provider::Anthropic, None, Some(1))).unwrap();
        assert!(give(&mut config, choose(Provider::Anthropic, None, None)).unwrap().is_empty());
        assert!(
            give(&mut config, choose(Provider::Anthropic, Some("https://elsewhere.example"), None)).is_err()
        );
        give(&mut config, choose(Provider::Openai, Some("https://elsewhere.example/v1"), None)).unwrap();
        assert_eq!(config.chosen().unwrap().secret, None, "the other's key did not go there");
    }

    #[test]
    fn a_choice_is_taken_back_and_its_version_goes_on_counting() {
        let mut config = ModelConfig::default();
        give(&mut config, choose(Provider::Rules, None, None)).unwrap();
        give(&mut config, ModelConfigCommand::Remove).unwrap();
        assert!(give(&mut config, ModelConfigCommand::Remove).unwrap().is_empty());
        assert_eq!((config.version(), config.chosen()), (2, None));
    }

    #[test]
    fn an_address_that_is_none_or_carries_a_secret_is_refused() {
        for base in
            ["models.example", "file:///etc/passwd", "https://u:p@models.example", "https://m.example/?key=1"]
        {
            let refused = give(&mut ModelConfig::default(), choose(Provider::Openai, Some(base), None));
            assert!(matches!(refused, Err(Rejection::Invalid { .. })), "{base}");
        }
    }
}
