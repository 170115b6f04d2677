//! Access tokens: JWTs of a quarter of an hour, signed with Ed25519, bound to one scope (RFC 9068, hazards A2).

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use draxis_domain::account::{Grant, Role};
use draxis_domain::{AccountId, Actor, OrganizationId, Reason, TenantId};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::CommandError;
use crate::caller::{Caller, Scope};
use crate::identity::Identity;

/// How long a token lives.
const LIFETIME: Duration = Duration::minutes(15);
const ISSUER: &str = "draxis";
const AUDIENCE: &str = "draxis-api";
/// The `typ` of RFC 9068: nothing else this house signs is ever taken for an access token.
const TYPE: &str = "at+jwt";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    /// The account.
    pub sub: AccountId,
    /// Issued at, seconds.
    pub iat: i64,
    /// Expires at, seconds.
    pub exp: i64,
    /// What the account is.
    pub role: Role,
    /// The one tenant it holds for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// The one organization it holds for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
    /// The person behind it, where they are no member of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impersonator: Option<AccountId>,
    /// Why they took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// A token as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessToken {
    /// The JWT.
    pub access_token: String,
    /// Seconds until it expires.
    pub expires_in: i64,
}

/// What a token is asked to say besides the account.
pub(super) struct Standing {
    pub(super) role: Role,
    pub(super) scope: Scope,
    pub(super) impersonator: Option<AccountId>,
    pub(super) reason: Option<Reason>,
}

impl Standing {
    /// What a grant makes of its holder.
    pub(super) fn of(grant: Grant) -> Self {
        let scope = match grant {
            Grant::Superadmin => Scope::Platform,
            Grant::MasterAdmin { organization_id } => Scope::Organization(organization_id),
            Grant::TenantAdmin { tenant_id }
            | Grant::TenantUser { tenant_id }
            | Grant::Auditor { tenant_id } => Scope::Tenant(tenant_id),
        };
        Self { role: grant.role(), scope, impersonator: None, reason: None }
    }
}

impl Identity {
    /// Signs a token.
    pub(super) fn issue(&self, account: AccountId, standing: Standing) -> Result<AccessToken, CommandError> {
        let now = self.commands.clock().now();
        let (tenant, organization) = match standing.scope {
            Scope::Platform => (None, None),
            Scope::Organization(organization) => (None, Some(organization)),
            Scope::Tenant(tenant) => (Some(tenant), None),
        };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: account,
            iat: now.timestamp(),
            exp: (now + LIFETIME).timestamp(),
            role: standing.role,
            tenant,
            organization,
            impersonator: standing.impersonator,
            reason: standing.reason,
        };
        let key = self.keys.newest().ok_or(CommandError::NoSession)?;
        let header =
            Header { typ: Some(TYPE.to_owned()), kid: Some(key.id.clone()), ..Header::new(Algorithm::EdDSA) };
        let access_token =
            jsonwebtoken::encode(&header, &claims, &key.encoding).map_err(CommandError::failed)?;
        Ok(AccessToken { access_token, expires_in: LIFETIME.num_seconds() })
    }

    /// Who presents this token; anything wrong with it is one and the same refusal.
    pub fn caller(&self, token: &str) -> Result<Caller, CommandError> {
        let claims = self.verify(token, self.commands.clock().now()).ok_or(CommandError::NoSession)?;
        let scope = match (claims.tenant, claims.organization) {
            (Some(tenant), _) => Scope::Tenant(tenant),
            (None, Some(organization)) => Scope::Organization(organization),
            (None, None) => Scope::Platform,
        };
        Ok(Caller {
            actor: Actor::Account(claims.sub),
            impersonator: claims.impersonator,
            role: claims.role,
            scope,
            reason: claims.reason,
        })
    }

    fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TYPE) {
            return None;
        }
        let key = self.keys.find(header.kid.as_deref()?)?;
        let mut checks = Validation::new(Algorithm::EdDSA);
        checks.set_issuer(&[ISSUER]);
        checks.set_audience(&[AUDIENCE]);
        checks.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Expiry is checked below against the clock that was handed in, to the second.
        checks.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &checks).ok()?.claims;
        (claims.iat <= now.timestamp().saturating_add(5) && now.timestamp() < claims.exp).then_some(claims)
    }

    /// Signs a token for what a person is without having asked for one tenant: their widest grant.
    pub(super) fn issue_widest(
        &self,
        account: AccountId,
        grants: &BTreeSet<Grant>,
    ) -> Result<AccessToken, CommandError> {
        // Grants are ordered from the widest role to the narrowest.
        let widest = grants.first().copied().ok_or(CommandError::WrongCredentials)?;
        self.issue(account, Standing::of(widest))
    }
}
