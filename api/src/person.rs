//! Persons: who did something, by the name they bear when it is read. Events know accounts by id alone.

use std::collections::BTreeMap;

use draxis_domain::{AccountId, Actor};
use serde::Serialize;

use crate::app::App;
use crate::problem::Problem;

/// What somebody is called whose account is no more.
const ERASED: &str = "erased";

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Person {
    /// The account's id; for what is no person its name in events, such as `runner`.
    pub id: String,
    /// What they are called now.
    pub name: String,
    /// The account behind it, where it was an impersonation.
    pub impersonator: Option<AccountId>,
}

/// The names of everybody on a page.
pub struct Names(BTreeMap<AccountId, String>);

impl Names {
    /// Looks up those accounts' names at once.
    pub async fn of<I: IntoIterator<Item = Actor>>(app: &App, actors: I) -> Result<Self, Problem> {
        let accounts = actors.into_iter().filter_map(Actor::account);
        Ok(Self(app.identity.names(accounts).await?))
    }

    /// The actor as a person.
    pub fn person(&self, actor: Actor, impersonator: Option<AccountId>) -> Person {
        let (id, name) = match actor {
            Actor::Account(id) => {
                (id.to_string(), self.0.get(&id).cloned().unwrap_or_else(|| ERASED.to_owned()))
            }
            Actor::ApiToken(_) => (actor.to_string(), "an API token".to_owned()),
            Actor::WorkflowRun(_) => (actor.to_string(), "a workflow run".to_owned()),
            Actor::Runner => (actor.to_string(), "Draxis".to_owned()),
            Actor::Public => (actor.to_string(), "a visitor".to_owned()),
        };
        Person { id, name, impersonator }
    }
}
