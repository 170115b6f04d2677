//! Access tokens: JWTs of a quarter of an hour, signed with Ed25519, bound to one scope (RFC 9068, hazards A2).

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use draxis_domain::account::{Account, Grant, Role};
use draxis_domain::{AccountId, Actor, OrganizationId, Privilege, Reason, TenantId};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::caller::{Caller, Powers, Scope, Session};
use crate::identity::Identity;
use crate::{CommandError, Permission};

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
    /// What they may do in the tenant beyond their role.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub permissions: BTreeSet<Privilege>,
    /// The session it was taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// What it is limited to, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
}

/// What a token can be limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// Enrolling the second factor that is required of its holder.
    Enrolling,
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
    pub(super) permissions: BTreeSet<Privilege>,
    pub(super) session: Option<Session>,
    pub(super) only: Option<Only>,
}

impl Standing {
    /// A role with nothing besides.
    pub(super) const fn new(role: Role, scope: Scope) -> Self {
        let permissions = BTreeSet::new();
        Self { role, scope, impersonator: None, reason: None, permissions, session: None, only: None }
    }

    /// What a grant makes of the account that holds it.
    pub(super) fn of(account: &Account, grant: Grant) -> Self {
        let (scope, permissions) = match grant {
            Grant::Superadmin => (Scope::Platform, BTreeSet::new()),
            Grant::MasterAdmin { organization_id } => (Scope::Organization(organization_id), BTreeSet::new()),
            Grant::TenantAdmin { tenant_id } | Grant::Auditor { tenant_id } => {
                (Scope::Tenant(tenant_id), BTreeSet::new())
            }
            Grant::TenantUser { tenant_id } => (Scope::Tenant(tenant_id), account.permissions_in(tenant_id)),
        };
        Self { permissions, ..Self::new(grant.role(), scope) }
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
            permissions: standing.permissions,
            session: standing.session,
            only: standing.only,
        };
        Ok(AccessToken { access_token: self.sign(TYPE, &claims)?, expires_in: LIFETIME.num_seconds() })
    }

    /// Signs claims as a token of that type.
    pub(super) fn sign<T: Serialize>(&self, token_type: &str, claims: &T) -> Result<String, CommandError> {
        let key = self.keys.newest().ok_or(CommandError::NoSession)?;
        let header = Header {
            typ: Some(token_type.to_owned()),
            kid: Some(key.id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, claims, &key.encoding).map_err(CommandError::failed)
    }

    /// Who presents this token; anything wrong with it is one and the same refusal.
    pub fn caller(&self, token: &str) -> Result<Caller, CommandError> {
        let claims = self.verify(token, self.commands.clock().now()).ok_or(CommandError::NoSession)?;
        let scope = match (claims.tenant, claims.organization) {
            (Some(tenant), _) => Scope::Tenant(tenant),
            (None, Some(organization)) => Scope::Organization(organization),
            (None, None) => Scope::Platform,
        };
        let powers = match claims.only {
            Some(Only::Enrolling) => Powers::Enrolling,
            None if claims.permissions.is_empty() => Powers::OfRole,
            None => Powers::And(claims.permissions.into_iter().map(Permission::of).collect()),
        };
        Ok(Caller {
            actor: Actor::Account(claims.sub),
            impersonator: claims.impersonator,
            role: claims.role,
            scope,
            reason: claims.reason,
            powers,
            session: claims.session,
        })
    }

    fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let claims: Claims = self.read_signed((TYPE, AUDIENCE), token)?;
        is_in_time((claims.iat, claims.exp), now).then_some(claims)
    }

    /// Reads a token of that type and audience that this house has signed. Whether it is in time is for the caller to say.
    pub(super) fn read_signed<T: DeserializeOwned>(
        &self,
        (token_type, audience): (&str, &str),
        token: &str,
    ) -> Option<T> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some(token_type) {
            return None;
        }
        let key = self.keys.find(header.kid.as_deref()?)?;
        let mut checks = Validation::new(Algorithm::EdDSA);
        checks.set_issuer(&[ISSUER]);
        checks.set_audience(&[audience]);
        checks.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Expiry is checked against the clock that was handed in, to the second.
        checks.validate_exp = false;
        Some(jsonwebtoken::decode::<T>(token, &key.decoding, &checks).ok()?.claims)
    }
}

/// Whether a token is valid at that time: issued before it, but for clocks that differ by seconds, and not expired.
pub(super) const fn is_in_time((issued, expires): (i64, i64), now: DateTime<Utc>) -> bool {
    issued <= now.timestamp().saturating_add(5) && now.timestamp() < expires
}
