//! People: taking roles away, granting permissions, and who they are to whoever looks after them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use draxis_domain::account::{Account, AccountCommand, AccountEvent, Grant, HeldPermission, Superadmins};
use draxis_domain::{AccountId, EventSet as _, Position, Privilege, Reason, Rejection, TenantId};
use draxis_event_store::{Answer, Committed, EventFilter, TenantTx, read_events};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::identity::Identity;
use crate::{CommandError, Commands, Context, Execution, Permission};

/// How often a removal that lost against another one looks again.
const ATTEMPTS: usize = 16;
/// How many events are read at once.
const PAGE: u32 = 1000;

/// The body of `POST /api/accounts/<id>/revoke`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeBody {
    /// The role and its scope.
    pub grant: Grant,
    /// Why; goes to the event's metadata.
    pub reason: Reason,
}

/// A person as whoever looks after them knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The address they sign in with.
    pub email: String,
    /// What people call them.
    pub name: String,
}

struct PersonRow {
    id: Uuid,
    email: String,
    name: String,
}

/// The superadmins as the log is read.
#[derive(Default)]
struct Counted {
    superadmins: BTreeSet<String>,
    removed: u64,
}

impl Counted {
    fn hear(&mut self, account: String, event: &AccountEvent) {
        match event {
            AccountEvent::Granted(granted) if granted.grant == Grant::Superadmin => {
                self.superadmins.insert(account);
            }
            AccountEvent::Revoked(revoked) if revoked.grant == Grant::Superadmin => {
                self.superadmins.remove(&account);
                self.removed = self.removed.saturating_add(1);
            }
            AccountEvent::FirstRegistered(_)
            | AccountEvent::Registered(_)
            | AccountEvent::Granted(_)
            | AccountEvent::Revoked(_)
            | AccountEvent::PermissionGranted(_)
            | AccountEvent::PermissionRevoked(_)
            | AccountEvent::Impersonated(_)
            | AccountEvent::SecondFactorEnrolled(_)
            | AccountEvent::SecondFactorDisabled(_)
            | AccountEvent::RecoveryCodeUsed(_) => {}
        }
    }
}

fn said(_: &Account, id: &str) -> Answer {
    Answer { status: 200, body: json!({ "id": id }).to_string().into_bytes(), version: None }
}

impl Identity {
    /// Takes a role away that lies within the caller's scope. Whoever holds none any more is signed out everywhere; a token
    /// that is out already dies within its quarter of an hour.
    pub async fn revoke_role(
        &self,
        context: &Context,
        id: AccountId,
        body: RevokeBody,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManagePeople)?;
        self.must_reach(&context.caller, body.grant).await?;
        let context = context.clone().because(Some(body.reason));
        for _ in 0..ATTEMPTS {
            let superadmins = self.superadmins_besides(id, body.grant).await?;
            let command = AccountCommand::Revoke { grant: body.grant, superadmins };
            let execution = Execution { id: id.to_string(), command, respond: Arc::new(said) };
            match self.commands.on_platform::<Account>(&context, execution).await {
                // Another superadmin was removed since they were counted: count again.
                Err(CommandError::Rejected(Rejection::Taken { kind: Account::SUPERADMIN_REMOVAL })) => {}
                done => {
                    let done = done?;
                    if self.grants(id).await?.is_empty() {
                        self.end_sessions(id, None).await?;
                    }
                    return Ok(done);
                }
            }
        }
        Err(CommandError::Contended)
    }

    /// Lets a user of the caller's tenant do one thing more there.
    pub async fn grant_permission(
        &self,
        context: &Context,
        (id, permission): (AccountId, Privilege),
    ) -> Result<Committed, CommandError> {
        let held = HeldPermission { tenant_id: context.caller.tenant()?, permission };
        // Nobody hands on what they may not do themselves.
        context.caller.must(Permission::of(permission))?;
        self.change_account(context, id, AccountCommand::GrantPermission(held)).await
    }

    /// Takes it back.
    pub async fn revoke_permission(
        &self,
        context: &Context,
        (id, permission): (AccountId, Privilege),
    ) -> Result<Committed, CommandError> {
        let held = HeldPermission { tenant_id: context.caller.tenant()?, permission };
        self.change_account(context, id, AccountCommand::RevokePermission(held)).await
    }

    async fn change_account(
        &self,
        context: &Context,
        id: AccountId,
        command: AccountCommand,
    ) -> Result<Committed, CommandError> {
        let execution = Execution { id: id.to_string(), command, respond: Arc::new(said) };
        self.commands.on_platform::<Account>(context, execution).await
    }

    /// The superadmins besides one, and how many were removed, as the log has them now. The removal claims the next number, so
    /// what was read here still holds when it is appended.
    async fn superadmins_besides(&self, id: AccountId, grant: Grant) -> Result<Superadmins, CommandError> {
        let mut counted = Counted::default();
        if grant == Grant::Superadmin {
            let mut after = Position::START;
            while let Some(events) = self.account_events(after).await? {
                for (position, account, event) in events {
                    after = position;
                    counted.hear(account, &event);
                }
            }
        }
        counted.superadmins.remove(&id.to_string());
        Ok(Superadmins { others: counted.superadmins.len(), removed: counted.removed })
    }

    /// The next events of accounts; none where there are no more.
    async fn account_events(
        &self,
        after: Position,
    ) -> Result<Option<Vec<(Position, String, AccountEvent)>>, CommandError> {
        let mut transaction = TenantTx::begin(&self.commands.pools().app, TenantId::PLATFORM).await?;
        let filter = EventFilter { aggregate_type: Some("account".to_owned()), ..EventFilter::default() };
        let stored = read_events(&mut transaction, after, &filter, PAGE).await?;
        if stored.is_empty() {
            return Ok(None);
        }
        let events = stored.into_iter().map(|event| {
            let decoded = AccountEvent::decode(&event.event_type, event.version, &event.payload);
            Ok((event.position, event.aggregate_id, decoded.map_err(CommandError::failed)?))
        });
        events.collect::<Result<_, CommandError>>().map(Some)
    }
}

impl Commands {
    /// The names and addresses of those accounts that still have some.
    pub async fn people(
        &self,
        accounts: &BTreeSet<AccountId>,
    ) -> Result<BTreeMap<AccountId, Person>, CommandError> {
        let asked: Vec<Uuid> = accounts.iter().map(|id| id.uuid()).collect();
        let rows =
            sqlx::query_as!(PersonRow, "SELECT id, email, name FROM accounts WHERE id = ANY($1)", &asked)
                .fetch_all(&self.pools().platform)
                .await?;
        let person = |row: PersonRow| (AccountId::from(row.id), Person { email: row.email, name: row.name });
        Ok(rows.into_iter().map(person).collect())
    }
}
