//! Actors: who did it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::AccountId;

/// Who caused an event. On the wire one string, `account:01J…`, so that metadata stays a flat object of strings.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub enum Actor {
    /// A person.
    Account(AccountId),
    /// A machine that presented an API token.
    ApiToken(Ulid),
    /// A run of a workflow.
    WorkflowRun(Ulid),
    /// The program itself: schedules, timers, connectors.
    Runner,
    /// Somebody who has not signed in: the first registration, an accepted invitation, a public preview.
    Public,
}

impl Actor {
    /// The person, where it is one.
    pub fn account(self) -> Option<AccountId> {
        match self {
            Self::Account(id) => Some(id),
            Self::ApiToken(_) | Self::WorkflowRun(_) | Self::Runner | Self::Public => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account:{id}"),
            Self::ApiToken(id) => write!(f, "token:{id}"),
            Self::WorkflowRun(id) => write!(f, "run:{id}"),
            Self::Runner => f.write_str("runner"),
            Self::Public => f.write_str("public"),
        }
    }
}

/// A text that names no actor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an actor is account:<id>, token:<id>, run:<id>, runner or public")]
pub struct ActorError;

impl FromStr for Actor {
    type Err = ActorError;

    fn from_str(text: &str) -> Result<Self, ActorError> {
        let ulid = |id: &str| Ulid::from_string(id).map_err(|_| ActorError);
        match text.split_once(':') {
            Some(("account", id)) => Ok(Self::Account(AccountId::new(ulid(id)?))),
            Some(("token", id)) => Ok(Self::ApiToken(ulid(id)?)),
            Some(("run", id)) => Ok(Self::WorkflowRun(ulid(id)?)),
            None if text == "runner" => Ok(Self::Runner),
            None if text == "public" => Ok(Self::Public),
            Some(_) | None => Err(ActorError),
        }
    }
}

impl TryFrom<String> for Actor {
    type Error = ActorError;

    fn try_from(text: String) -> Result<Self, ActorError> {
        text.parse()
    }
}

impl From<Actor> for String {
    fn from(actor: Actor) -> Self {
        actor.to_string()
    }
}
