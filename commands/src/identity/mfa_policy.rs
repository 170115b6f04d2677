//! Who must have a second factor: per platform, organization, tenant or person (product.md section 1).

use std::sync::Arc;

use draxis_domain::account::Grant;
use draxis_domain::mfa_policy::{MfaPolicy, MfaPolicyCommand, MfaSubject};
use draxis_domain::{AccountId, Reason, Rejection};
use draxis_event_store::{Answer, Committed};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::caller::Scope;
use crate::identity::Identity;
use crate::{Caller, CommandError, Context, Execution, Guarded, Permission};

/// The body of `PUT /api/mfa-policy`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MfaPolicyBody {
    /// Whom it is about.
    pub subject: MfaSubject,
    /// Whether they must have a second factor.
    pub required: bool,
    /// Why; goes to the event's metadata.
    pub reason: Reason,
}

/// What holds for a subject.
#[derive(Debug, Clone, Copy, Serialize, schemars::JsonSchema)]
pub struct MfaStanding {
    /// Whom it is about.
    pub subject: MfaSubject,
    /// Whether they must have a second factor. What holds for somebody above them holds for them as well.
    pub required: bool,
}

impl Identity {
    /// Requires a second factor, or lifts the requirement.
    pub async fn set_mfa_policy(
        &self,
        context: &Context,
        body: MfaPolicyBody,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::RequireSecondFactor)?;
        let MfaPolicyBody { subject, required, reason } = body;
        self.must_govern(&context.caller, subject).await?;
        let command =
            if required { MfaPolicyCommand::Require(subject) } else { MfaPolicyCommand::Lift(subject) };
        let answer = json!(MfaStanding { subject, required }).to_string().into_bytes();
        let respond = Arc::new(move |_: &MfaPolicy, _: &str| Answer {
            status: 200,
            body: answer.clone(),
            version: None,
        });
        let execution = Execution::<MfaPolicy> { id: subject.to_string(), command, respond };
        self.commands.on_platform(&context.clone().because(Some(reason)), execution).await
    }

    /// What holds for a subject within the caller's reach.
    pub async fn mfa_policy(
        &self,
        caller: &Caller,
        subject: MfaSubject,
    ) -> Result<MfaStanding, CommandError> {
        caller.must(Permission::RequireSecondFactor)?;
        self.must_govern(caller, subject).await?;
        Ok(MfaStanding { subject, required: self.is_required(subject).await? })
    }

    async fn is_required(&self, subject: MfaSubject) -> Result<bool, CommandError> {
        Ok(self.load_platform::<MfaPolicy>(&subject.to_string()).await? == MfaPolicy::Required)
    }

    /// Whether a person must have a second factor to act there.
    pub(super) async fn second_factor_required(
        &self,
        account_id: AccountId,
        scope: Scope,
    ) -> Result<bool, CommandError> {
        let mut subjects = vec![MfaSubject::Platform, MfaSubject::Account { account_id }];
        match scope {
            Scope::Platform => {}
            Scope::Organization(organization_id) => {
                subjects.push(MfaSubject::Organization { organization_id });
            }
            Scope::Tenant(tenant_id) => {
                subjects.push(MfaSubject::Tenant { tenant_id });
                let above = self.tenant_of_platform(tenant_id).await?.organization();
                subjects.extend(above.map(|organization_id| MfaSubject::Organization { organization_id }));
            }
        }
        for subject in subjects {
            if self.is_required(subject).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Nobody governs what lies outside their own scope; to them there is no such subject.
    async fn must_govern(&self, caller: &Caller, subject: MfaSubject) -> Result<(), CommandError> {
        match subject {
            MfaSubject::Platform => self.must_reach(caller, Grant::Superadmin).await,
            MfaSubject::Organization { organization_id } => {
                self.must_reach(caller, Grant::MasterAdmin { organization_id }).await
            }
            MfaSubject::Tenant { tenant_id } => {
                self.must_reach(caller, Grant::TenantAdmin { tenant_id }).await
            }
            MfaSubject::Account { account_id } => self.must_reach_all_of(caller, account_id).await,
        }
    }

    /// A person is governed by whoever reaches everything that they are; whoever reaches a part sees them, and no more.
    async fn must_reach_all_of(&self, caller: &Caller, id: AccountId) -> Result<(), CommandError> {
        let (mut within, mut beyond) = (false, false);
        for grant in self.grants(id).await? {
            match self.must_reach(caller, grant).await {
                Ok(()) => within = true,
                Err(CommandError::Rejected(_) | CommandError::Forbidden { .. }) => beyond = true,
                Err(error) => return Err(error),
            }
        }
        match (within, beyond) {
            (false, _) => Err(Rejection::NotFound { noun: "account" }.into()),
            (true, true) => Err(CommandError::Forbidden { permission: Permission::RequireSecondFactor }),
            (true, false) => Ok(()),
        }
    }
}

impl Guarded for MfaPolicyCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Require(_) | Self::Lift(_) => Permission::RequireSecondFactor,
        }
    }
}
