//! Privileges: what an API token can be limited to, and what a tenant's user can be granted beyond reading. The names are
//! fixed for ever: they stand in events and in tokens.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Declares the privileges with their names on the wire, so that the three forms never drift apart.
macro_rules! privileges {
    ($($(#[$doc:meta])* $variant:ident = $wire:literal),+ $(,)?) => {
        /// One thing that may be done in a tenant.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
        )]
        pub enum Privilege {
            $($(#[$doc])* #[serde(rename = $wire)] $variant),+
        }

        impl Privilege {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire),+ }
            }
        }
    };
}

privileges! {
    /// Read dashboards, lists and histories.
    Read = "read",
    /// Read, export, verify and replay the stream.
    ReadAudit = "audit:read",
    /// Write values.
    WriteValues = "values:write",
    /// Connect, edit and archive sources.
    ManageSources = "sources:manage",
    /// Run sources.
    RunSources = "sources:run",
    /// Create and edit KRIs, risks, controls, outcomes and vendors.
    ManageRiskModel = "risk:manage",
    /// Draft, edit, activate, pause and archive workflows, and what they work with.
    ManageWorkflows = "workflows:manage",
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no privilege.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no such privilege")]
pub struct PrivilegeError;

impl FromStr for Privilege {
    type Err = PrivilegeError;

    fn from_str(text: &str) -> Result<Self, PrivilegeError> {
        Self::ALL.iter().copied().find(|privilege| privilege.as_str() == text).ok_or(PrivilegeError)
    }
}

#[cfg(test)]
mod tests {
    use super::Privilege;

    #[test]
    fn a_privilege_has_one_name_however_it_is_written() {
        for privilege in Privilege::ALL {
            assert_eq!(serde_json::to_value(privilege).unwrap(), privilege.to_string());
            assert_eq!(privilege.to_string().parse(), Ok(*privilege));
        }
        assert!("values".parse::<Privilege>().is_err());
    }
}
