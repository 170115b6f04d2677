//! Parties: whom a definition speaks of, without naming them.

use serde::{Deserialize, Serialize};

use crate::AccountId;
use crate::account::Role;

/// A person by account, everybody in a role, or the owner of the KRI that triggered.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Party {
    /// One person.
    Account(AccountId),
    /// Everybody who holds the role for the tenant.
    Role(Role),
    /// The owner of the KRI that triggered; always `true` on the wire.
    KriOwner(Yes),
}

/// The one value that a mark can have on the wire.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "bool", into = "bool")]
pub struct Yes;

impl schemars::JsonSchema for Yes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Yes".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "const": true })
    }
}

impl TryFrom<bool> for Yes {
    type Error = &'static str;

    fn try_from(yes: bool) -> Result<Self, Self::Error> {
        if yes { Ok(Self) } else { Err("can only be true; leave it out instead") }
    }
}

impl From<Yes> for bool {
    fn from(_: Yes) -> Self {
        true
    }
}
