//! Invitations: how everybody after the first comes in. The token is shown once to the inviter and mailed to the invited.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use data_encoding::BASE64URL_NOPAD;
use draxis_domain::account::{Account, AccountCommand, Grant, Role};
use draxis_domain::invitation::{Invitation, InvitationCommand, InvitationSent};
use draxis_domain::{AccountId, Email, InvitationId, Name, OrganizationId, Rejection, SecretId, TenantId};
use draxis_event_store::{Answer, Committed};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::caller::Scope;
use crate::identity::account::nothing;
use crate::identity::{Identity, Password, SignedIn, random_bytes};
use crate::secret::Secret;
use crate::{Caller, CommandError, Context, Execution, Guarded, Permission};

/// How long an invitation can be accepted.
const LIFETIME: Duration = Duration::days(7);
/// For how many days its answer can be asked for again: a day longer.
const ANSWER_DAYS: i32 = 8;

/// Who is invited, as what.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InviteBody {
    /// Where the invitation goes.
    pub email: Email,
    /// What they will be.
    pub role: Role,
    /// The tenant, for a tenant's roles.
    #[serde(default)]
    pub tenant_id: Option<TenantId>,
    /// The organization, for a master admin.
    #[serde(default)]
    pub organization_id: Option<OrganizationId>,
}

/// An invitation as its inviter sees it, once.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invited {
    /// Its id.
    pub id: InvitationId,
    /// Where it goes.
    pub email: Email,
    /// The token of its link; shown this once.
    pub token: String,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
}

/// How an invitation's token becomes the link that is mailed.
pub type Link = Box<dyn Fn(&str) -> String + Send + Sync>;

/// The kind of vault entry that an answer with a token in it is.
const SEALED_ANSWER: &str = "invitation_answer";

/// A mail as it lies in the outbox.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Posted {
    /// Whom it is for.
    pub recipient: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub body: String,
    /// When it was posted.
    pub created_at: DateTime<Utc>,
    /// When a mail server took it, if one did.
    pub sent_at: Option<DateTime<Utc>>,
}

/// Where an invitation's answer lies sealed.
const fn answer_of(id: InvitationId) -> (TenantId, &'static str, SecretId) {
    (TenantId::PLATFORM, SEALED_ANSWER, SecretId::new(id.ulid()))
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl InviteBody {
    fn grant(&self) -> Result<Grant, Rejection> {
        let missing =
            |pointer: &str, what: &str| Rejection::invalid("invitation.scope_missing", pointer, what);
        let tenant_id = || {
            self.tenant_id.ok_or_else(|| missing("/tenantId", "name the tenant that the role is to hold for"))
        };
        Ok(match self.role {
            Role::Superadmin => Grant::Superadmin,
            Role::MasterAdmin => Grant::MasterAdmin {
                organization_id: self.organization_id.ok_or_else(|| {
                    missing("/organizationId", "name the organization that the role is to hold for")
                })?,
            },
            Role::TenantAdmin => Grant::TenantAdmin { tenant_id: tenant_id()? },
            Role::TenantUser => Grant::TenantUser { tenant_id: tenant_id()? },
            Role::Auditor => Grant::Auditor { tenant_id: tenant_id()? },
        })
    }
}

impl Identity {
    /// Invites somebody into a role that lies within the inviter's own scope. The answer holds the token, so under an idempotency
    /// key only the invitation's id is recorded, and the answer lies in the vault under it.
    pub async fn invite(
        &self,
        context: &Context,
        body: InviteBody,
        link: Link,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::InvitePeople)?;
        if let Some(before) = self.commands.answered(TenantId::PLATFORM, context).await? {
            return self.told_again(before).await;
        }
        let grant = body.grant()?;
        self.must_reach(&context.caller, grant).await?;
        let id = InvitationId::new(self.commands.ids().next());
        let token = BASE64URL_NOPAD.encode(&random_bytes::<32>()?);
        let expires_at = self.commands.clock().now() + LIFETIME;
        self.keep_invitation(id, &body.email, &token).await?;
        let invited = Invited { id, email: body.email, token, expires_at };
        let text = Secret::new(serde_json::to_string(&invited).map_err(CommandError::failed)?);
        if context.key.is_some() {
            self.commands.vault().keep(&self.commands.pools().app, answer_of(id), &text).await?;
        }
        let command = InvitationCommand::Send(InvitationSent { id, grant, expires_at });
        let body = id.to_string().into_bytes();
        let respond = Arc::new(move |_: &Invitation, _: &str| Answer {
            status: 201,
            body: body.clone(),
            version: None,
        });
        let mut done =
            self.commands.on_platform(context, Execution { id: id.to_string(), command, respond }).await?;
        if done.repeated {
            self.commands.vault().forget(&self.commands.pools().app, answer_of(id)).await?;
            return self.told_again(done).await;
        }
        self.post_invitation(&invited, &link(&invited.token)).await?;
        done.answer.body = text.expose().as_bytes().to_vec();
        Ok(done)
    }

    /// The answer that was given before, for as long as the invitation it tells of is of use.
    async fn told_again(&self, mut done: Committed) -> Result<Committed, CommandError> {
        let id = str::from_utf8(&done.answer.body).map_err(CommandError::failed)?;
        let id: InvitationId = id.parse().map_err(CommandError::failed)?;
        let text = self.commands.vault().open(&self.commands.pools().app, answer_of(id)).await?;
        done.answer.body = text.ok_or(CommandError::Gone)?.expose().as_bytes().to_vec();
        Ok(done)
    }

    /// Forgets the recorded answers of invitations that nobody can accept any more.
    pub async fn sweep_answers(&self) -> Result<(), CommandError> {
        let which = (TenantId::PLATFORM, SEALED_ANSWER);
        self.commands.vault().forget_old(&self.commands.pools().app, which, ANSWER_DAYS).await
    }

    /// The mail that was posted last, for whoever runs a platform without a mail server.
    pub async fn outbox(&self, caller: &Caller) -> Result<Vec<Posted>, CommandError> {
        caller.must(Permission::ManageOrganizations)?;
        let rows = sqlx::query!(
            "SELECT recipient, subject, body, created_at, sent_at FROM mail_outbox ORDER BY created_at DESC, id LIMIT 200"
        )
        .fetch_all(&self.commands.pools().platform)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Posted {
                recipient: row.recipient,
                subject: row.subject,
                body: row.body,
                created_at: row.created_at,
                sent_at: row.sent_at,
            })
            .collect())
    }

    /// Takes up an invitation: the account comes into being, or an existing one, shown by its password, gains the role. Each
    /// step can be repeated, so a crash in between loses nothing.
    pub async fn accept(
        &self,
        context: &Context,
        token: &str,
        (name, password): (Name, Password),
    ) -> Result<SignedIn, CommandError> {
        let row = sqlx::query!("SELECT id, email FROM invitations WHERE token_hash = $1", &digest(token))
            .fetch_optional(&self.commands.pools().platform)
            .await?
            .ok_or(CommandError::Gone)?;
        let id = InvitationId::from(row.id);
        let email = Email::parse(&row.email).map_err(CommandError::failed)?;
        let (grant, reserved) = match self.load_platform::<Invitation>(&id.to_string()).await? {
            Invitation::Open { grant, expires_at } if self.commands.clock().now() < expires_at => {
                (grant, None)
            }
            Invitation::Absent | Invitation::Open { .. } => return Err(CommandError::Gone),
            Invitation::Accepted { grant, account_id } => (grant, Some(account_id)),
        };
        if let Some(account_id) = reserved
            && self.account(account_id).await?.holdings().is_some_and(|held| held.has_had(id, grant))
        {
            return Err(CommandError::Gone);
        }
        let account = self.person(&email, (name, password), reserved).await?;
        self.accept_as(context, id, account).await?;
        let command = AccountCommand::AcceptGrant { id: account, grant, invitation_id: id };
        let execution = Execution { id: account.to_string(), command, respond: Arc::new(nothing) };
        self.commands.on_platform::<Account>(context, execution).await?;
        self.sign_in(context, account, None).await
    }

    async fn accept_as(
        &self,
        context: &Context,
        id: InvitationId,
        account_id: AccountId,
    ) -> Result<(), CommandError> {
        let command = InvitationCommand::Accept { account_id };
        let execution = Execution { id: id.to_string(), command, respond: Arc::new(nothing) };
        match self.commands.on_platform::<Invitation>(context, execution).await {
            Ok(_) => Ok(()),
            Err(CommandError::Rejected(Rejection::Conflict { .. })) => Err(CommandError::Gone),
            Err(error) => Err(error),
        }
    }

    /// The account behind the address: an existing one if the password fits it, else one about to be made.
    async fn person(
        &self,
        email: &Email,
        (name, password): (Name, Password),
        reserved: Option<AccountId>,
    ) -> Result<AccountId, CommandError> {
        let known = sqlx::query!("SELECT id, password_hash FROM accounts WHERE email = $1", email.as_str())
            .fetch_optional(&self.commands.pools().platform)
            .await?;
        if let Some(known) = known {
            let fits = self.hasher.verify(password.into_secret(), Some(known.password_hash)).await?;
            return if fits { Ok(known.id.into()) } else { Err(CommandError::WrongCredentials) };
        }
        let id = reserved.unwrap_or_else(|| AccountId::new(self.commands.ids().next()));
        let hash = self.hasher.hash(password).await?;
        if self.add_person(id, email, &name, hash).await? { Ok(id) } else { Err(CommandError::Contended) }
    }

    async fn keep_invitation(
        &self,
        id: InvitationId,
        email: &Email,
        token: &str,
    ) -> Result<(), CommandError> {
        sqlx::query!(
            "INSERT INTO invitations (id, email, token_hash, created_at) VALUES ($1, $2, $3, $4)",
            id.uuid(),
            email.as_str(),
            &digest(token),
            self.commands.clock().now()
        )
        .execute(&self.commands.pools().platform)
        .await?;
        Ok(())
    }

    /// Puts the mail where a mail server takes it from, or where it is read when none is configured.
    async fn post_invitation(&self, invited: &Invited, link: &str) -> Result<(), CommandError> {
        let body = format!(
            "You have been invited to Draxis.\n\nOpen this link to accept, before {}:\n{link}\n",
            invited.expires_at.format("%Y-%m-%d %H:%M UTC")
        );
        sqlx::query!(
            "INSERT INTO mail_outbox (id, recipient, subject, body, created_at) VALUES ($1, $2, $3, $4, $5)",
            Uuid::from_u128(self.commands.ids().next().0),
            invited.email.as_str(),
            "Your invitation to Draxis",
            body,
            self.commands.clock().now()
        )
        .execute(&self.commands.pools().platform)
        .await?;
        Ok(())
    }

    /// Nobody grants what lies outside their own scope; to them there is no such tenant or organization.
    pub(super) async fn must_reach(&self, caller: &Caller, grant: Grant) -> Result<(), CommandError> {
        let missing = |noun| Err(CommandError::Rejected(Rejection::NotFound { noun }));
        let noun = if grant.tenant().is_some() { "tenant" } else { "organization" };
        let organization = match grant {
            Grant::Superadmin => {
                return if caller.scope == Scope::Platform {
                    Ok(())
                } else {
                    Err(CommandError::Forbidden { permission: Permission::ManageOrganizations })
                };
            }
            Grant::MasterAdmin { organization_id } => {
                if !self.organization_exists(organization_id).await? {
                    return missing(noun);
                }
                organization_id
            }
            Grant::TenantAdmin { tenant_id }
            | Grant::TenantUser { tenant_id }
            | Grant::Auditor { tenant_id } => {
                let Some(organization) = self.tenant_of_platform(tenant_id).await?.organization() else {
                    return missing(noun);
                };
                if caller.scope == Scope::Tenant(tenant_id) {
                    return Ok(());
                }
                organization
            }
        };
        match caller.scope {
            Scope::Platform => Ok(()),
            Scope::Organization(own) if own == organization => Ok(()),
            Scope::Organization(_) | Scope::Tenant(_) => missing(noun),
        }
    }
}

impl Guarded for InvitationCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Send(_) => Permission::InvitePeople,
            Self::Accept { .. } => Permission::Open,
        }
    }
}
