//! Tokens for one tenant: for a member their own role there, for an administrator above it an impersonation.

use std::sync::Arc;

use draxis_domain::account::{Account, AccountCommand, Grant, Role};
use draxis_domain::audit::{AuditEvent, TenantImpersonated};
use draxis_domain::{AccountId, Reason, Rejection, TenantId};

use crate::caller::{Powers, Scope};
use crate::identity::access_token::Standing;
use crate::identity::account::nothing;
use crate::identity::{AccessToken, Identity};
use crate::{Assurance, Caller, CommandError, Context, Execution};

impl Identity {
    /// Signs a token for one tenant. A member gets their own role there; an administrator above it acts as its admin, which
    /// is impersonation and is said so on every event it causes.
    pub async fn tenant_token(
        &self,
        context: &Context,
        tenant: TenantId,
        reason: Reason,
    ) -> Result<AccessToken, CommandError> {
        let id = context.caller.person()?;
        let account = self.account(id).await?;
        let missing = || CommandError::Rejected(Rejection::NotFound { noun: "tenant" });
        let standing = self.standing_in(id, &account, tenant).await?.ok_or_else(missing)?;
        self.must_have_shown(context, &account, (id, standing.scope)).await?;
        let standing = Standing { reason: Some(reason), session: context.caller.session, ..standing };
        if standing.impersonator.is_some() {
            self.record_impersonation(context, (id, &account), &standing).await?;
        }
        self.issue(id, standing)
    }

    /// What an account is in a tenant now: a member with their own role, or its admin from above; nothing where it is neither.
    pub(super) async fn standing_in(
        &self,
        id: AccountId,
        account: &Account,
        tenant: TenantId,
    ) -> Result<Option<Standing>, CommandError> {
        if let Some(own) = account.grants().find(|grant| grant.tenant() == Some(tenant)) {
            return Ok(Some(Standing::of(account, own)));
        }
        let Some(organization) = self.tenant_of_platform(tenant).await?.organization() else {
            return Ok(None);
        };
        let above = account.grants().any(|grant| match grant {
            Grant::Superadmin => true,
            Grant::MasterAdmin { organization_id } => organization_id == organization,
            Grant::TenantAdmin { .. } | Grant::TenantUser { .. } | Grant::Auditor { .. } => false,
        });
        let acting = Standing::new(Role::TenantAdmin, Scope::Tenant(tenant));
        Ok(above.then_some(Standing { impersonator: Some(id), ..acting }))
    }

    /// Where a second factor is required, a session without one gets no further.
    async fn must_have_shown(
        &self,
        context: &Context,
        account: &Account,
        (id, scope): (AccountId, Scope),
    ) -> Result<(), CommandError> {
        if context.caller.must_enroll() {
            return Err(CommandError::EnrollFirst);
        }
        let shown = context.caller.session.is_some_and(|it| it.assurance == Assurance::SecondFactor);
        // A factor that was disabled since its session began is none any more.
        if (shown && account.second_factor().is_some()) || !self.second_factor_required(id, scope).await? {
            return Ok(());
        }
        Err(match account.second_factor() {
            Some(_) => CommandError::NeedsSecondFactor,
            None => CommandError::EnrollFirst,
        })
    }

    /// Says so on the platform's stream and on the tenant's before there is a token: an impersonation that is on neither never
    /// happened.
    async fn record_impersonation(
        &self,
        context: &Context,
        (id, account): (AccountId, &Account),
        standing: &Standing,
    ) -> Result<(), CommandError> {
        let Scope::Tenant(tenant_id) = standing.scope else { return Err(CommandError::NoTenant) };
        let above = account.grants().next().ok_or(CommandError::NoSession)?;
        let powers = Powers::OfRole;
        let as_above = Caller {
            role: above.role(),
            scope: Scope::Platform,
            powers: powers.clone(),
            ..context.caller.clone()
        };
        let platform = Context { caller: as_above, key: None, ..context.clone() };
        let execution = Execution::<Account> {
            id: id.to_string(),
            command: AccountCommand::Impersonate { tenant_id },
            respond: Arc::new(nothing),
        };
        self.commands.on_platform(&platform.because(standing.reason.clone()), execution).await?;
        let inside = Caller {
            actor: context.caller.actor,
            impersonator: standing.impersonator,
            role: standing.role,
            scope: standing.scope,
            reason: standing.reason.clone(),
            powers,
            session: context.caller.session,
        };
        let inside = Context { caller: inside, key: None, ..context.clone() };
        let event = AuditEvent::Impersonated(TenantImpersonated { account_id: id });
        self.commands.record_look(&inside, event).await?;
        Ok(())
    }
}
