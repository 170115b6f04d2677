//! Tokens of machines as text: one form and one reader for all of them, whatever each may do.
//!
//! `drx_`, for an API token `api_`, whose, which, and 256 random bits: the names in front let a token be found without
//! anybody looking across tenants.

use data_encoding::BASE64URL_NOPAD;
use draxis_domain::TenantId;
use sha2::{Digest, Sha256};
use ulid::Ulid;
use zeroize::Zeroizing;

use crate::CommandError;
use crate::identity::random_bytes;
use crate::secret::Secret;

/// How every token of this house begins, so that one that leaks is found by those who look for such.
const PREFIX: &str = "drx_";
/// What follows in an API token; no id begins so.
const API: &str = "api_";
/// The length of an id as text.
const ID: usize = 26;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineTokenKind {
    /// Acting in a tenant within its scopes.
    Api,
    /// Pushing values to one source.
    Push,
}

/// What a token says of itself: nothing of it is believed until its hash has been found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineToken {
    /// What it is for.
    pub kind: MachineTokenKind,
    /// The tenant it is for.
    pub tenant: TenantId,
    /// Its id, which is also the actor of what is done with it.
    pub id: Ulid,
}

impl MachineToken {
    /// What the text says, where it has the form of such a token.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let (kind, rest) = match rest.strip_prefix(API) {
            Some(rest) => (MachineTokenKind::Api, rest),
            None => (MachineTokenKind::Push, rest),
        };
        let (tenant, rest) = rest.split_at_checked(ID)?;
        let (id, _) = rest.split_at_checked(ID)?;
        Some(Self { kind, tenant: tenant.parse().ok()?, id: Ulid::from_string(id).ok()? })
    }

    /// A new token of that name: the one time that its text exists.
    pub(crate) fn make(self) -> Result<Secret, CommandError> {
        let random = Zeroizing::new(random_bytes::<32>()?);
        let kind = match self.kind {
            MachineTokenKind::Api => API,
            MachineTokenKind::Push => "",
        };
        let secret = Zeroizing::new(BASE64URL_NOPAD.encode(random.as_slice()));
        Ok(Secret::new(format!("{PREFIX}{kind}{}{}{}", self.tenant, self.id, secret.as_str())))
    }
}

/// What is kept of a token. It holds 256 random bits, so that a plain hash cannot be searched back.
pub(crate) fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_kind_its_tenant_and_itself_and_no_two_are_alike() {
        for kind in [MachineTokenKind::Api, MachineTokenKind::Push] {
            let named = MachineToken { kind, tenant: TenantId::new(Ulid(7)), id: Ulid(8) };
            let tokens = [1, 2].map(|_| named.make().ok().unwrap());
            assert_eq!(MachineToken::parse(tokens[0].expose()), Some(named));
            assert_ne!(digest(tokens[0].expose()), digest(tokens[1].expose()));
        }
        for wrong in [
            "",
            "drx_",
            "drx_api_",
            "drx_short",
            "abc",
            "drx_ä0000000000000000000000000000000000000000000000000000000",
        ] {
            assert_eq!(MachineToken::parse(wrong), None, "{wrong}");
        }
    }
}
