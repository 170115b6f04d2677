//! Account: a person and what they may do. Names and emails stay in the platform's tables; events know accounts by id.

mod event;
mod grant;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use crate::account::event::{
    AccountEvent, AccountImpersonated, AccountRegistered, FirstRegistered, HeldPermission, RecoveryCodeUsed,
    RoleGranted, RoleRevoked, SecondFactorDisabled, SecondFactorEnrolled,
};
pub use crate::account::grant::{Grant, Role};
use crate::{AccountId, Claim, InvitationId, Moment, Privilege, Rejection, SecretId, TenantId};

/// An account as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Account {
    /// No event yet: there is no such account.
    #[default]
    Absent,
    /// A person who can sign in while they hold a role.
    Active(Holdings),
}

/// What a person holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holdings {
    /// Their roles.
    pub grants: BTreeSet<Grant>,
    /// The roles they held once.
    pub lost: BTreeSet<Grant>,
    /// What they may do besides.
    pub permissions: BTreeSet<HeldPermission>,
    /// The invitations they have taken up, each of which gives its role once.
    pub taken_up: BTreeSet<InvitationId>,
    /// Where their second factor's secret is kept, if they have one.
    pub second_factor: Option<SecretId>,
}

/// The superadmins of the platform, as whoever removes one has read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Superadmins {
    /// How many there are besides this one.
    pub others: usize,
    /// How many were removed before.
    pub removed: u64,
}

/// What can be asked of an account.
#[derive(Debug, Clone, Copy)]
pub enum AccountCommand {
    /// The very first registration, which makes the platform's superadmin.
    RegisterFirst {
        /// The new account's id.
        id: AccountId,
    },
    /// An accepted invitation: the account comes into being, or gains a role.
    AcceptGrant {
        /// The account's id.
        id: AccountId,
        /// What the invitation grants.
        grant: Grant,
        /// The invitation.
        invitation_id: InvitationId,
    },
    /// Takes a role away.
    Revoke {
        /// The role.
        grant: Grant,
        /// Who else is superadmin, where the role is that one.
        superadmins: Superadmins,
    },
    /// Lets a tenant's user do one thing more there.
    GrantPermission(HeldPermission),
    /// Takes it back.
    RevokePermission(HeldPermission),
    /// A token for a tenant that the account is above, and no member of.
    Impersonate {
        /// The tenant.
        tenant_id: TenantId,
    },
    /// A second factor that has just been shown to work.
    EnrollSecondFactor {
        /// Where its secret is kept.
        secret_id: SecretId,
    },
    /// No second factor any more.
    DisableSecondFactor,
    /// A recovery code that has just been used up.
    UseRecoveryCode {
        /// How many are left.
        left: u32,
    },
}

impl Account {
    /// The kind of name that the first registration takes, so that it works once, also when two requests race.
    pub const FIRST: &'static str = "first_account";
    /// The kind of name that each removal of a superadmin takes: a number, one after the other.
    pub const SUPERADMIN_REMOVAL: &'static str = "superadmin_removal";

    /// What the account holds, where it exists.
    pub const fn holdings(&self) -> Option<&Holdings> {
        match self {
            Self::Absent => None,
            Self::Active(holdings) => Some(holdings),
        }
    }

    /// What the account may do; nothing where it does not exist.
    pub fn grants(&self) -> impl Iterator<Item = Grant> {
        self.holdings().into_iter().flat_map(|holdings| holdings.grants.iter().copied())
    }

    /// What it may do in a tenant beyond its role there.
    pub fn permissions_in(&self, tenant: TenantId) -> BTreeSet<Privilege> {
        let held = self.holdings().into_iter().flat_map(|holdings| &holdings.permissions);
        held.filter(|held| held.tenant_id == tenant).map(|held| held.permission).collect()
    }

    /// Where its second factor's secret is kept, if it has one.
    pub fn second_factor(&self) -> Option<SecretId> {
        self.holdings().and_then(|holdings| holdings.second_factor)
    }

    /// Whether the account has come into being.
    pub const fn exists(&self) -> bool {
        matches!(self, Self::Active(_))
    }

    fn decide(&self, command: AccountCommand, _: &Moment) -> Result<Vec<AccountEvent>, Rejection> {
        match self {
            Self::Absent => begin(command),
            Self::Active(holdings) => holdings.decide(command),
        }
    }

    fn evolve(&mut self, event: AccountEvent) {
        match (self, event) {
            (this, AccountEvent::FirstRegistered(_) | AccountEvent::Registered(_)) => {
                *this = Self::Active(Holdings::default());
            }
            (Self::Active(holdings), event) => holdings.evolve(event),
            (Self::Absent, _) => {}
        }
    }
}

fn begin(command: AccountCommand) -> Result<Vec<AccountEvent>, Rejection> {
    match command {
        AccountCommand::RegisterFirst { id } => Ok(vec![
            AccountEvent::FirstRegistered(FirstRegistered { id }),
            AccountEvent::Granted(RoleGranted { grant: Grant::Superadmin, invitation_id: None }),
        ]),
        AccountCommand::AcceptGrant { id, grant, invitation_id } => Ok(vec![
            AccountEvent::Registered(AccountRegistered { id }),
            AccountEvent::Granted(RoleGranted { grant, invitation_id: Some(invitation_id) }),
        ]),
        AccountCommand::Revoke { .. }
        | AccountCommand::GrantPermission(_)
        | AccountCommand::RevokePermission(_)
        | AccountCommand::Impersonate { .. }
        | AccountCommand::EnrollSecondFactor { .. }
        | AccountCommand::DisableSecondFactor
        | AccountCommand::UseRecoveryCode { .. } => Err(no_account()),
    }
}

const fn no_account() -> Rejection {
    Rejection::NotFound { noun: "account" }
}

impl Holdings {
    /// Whether an invitation has nothing more to give: its role has come of it, is held, or was taken away again.
    pub fn has_had(&self, invitation: InvitationId, grant: Grant) -> bool {
        self.taken_up.contains(&invitation) || self.grants.contains(&grant) || self.lost.contains(&grant)
    }

    fn decide(&self, command: AccountCommand) -> Result<Vec<AccountEvent>, Rejection> {
        Ok(match command {
            AccountCommand::RegisterFirst { .. } => Vec::new(),
            AccountCommand::AcceptGrant { grant, invitation_id, .. } => {
                if self.grants.contains(&grant) || self.taken_up.contains(&invitation_id) {
                    return Ok(Vec::new());
                }
                vec![AccountEvent::Granted(RoleGranted { grant, invitation_id: Some(invitation_id) })]
            }
            AccountCommand::Revoke { grant, superadmins } => self.revoke(grant, superadmins)?,
            AccountCommand::GrantPermission(held) => self.grant_permission(held)?,
            AccountCommand::RevokePermission(held) => self.revoke_permission(held)?,
            AccountCommand::Impersonate { tenant_id } => {
                vec![AccountEvent::Impersonated(AccountImpersonated { tenant_id })]
            }
            AccountCommand::EnrollSecondFactor { secret_id } => self.enroll(secret_id)?,
            AccountCommand::DisableSecondFactor if self.second_factor.is_none() => Vec::new(),
            AccountCommand::DisableSecondFactor => {
                vec![AccountEvent::SecondFactorDisabled(SecondFactorDisabled {})]
            }
            AccountCommand::UseRecoveryCode { left } => {
                vec![AccountEvent::RecoveryCodeUsed(RecoveryCodeUsed { left })]
            }
        })
    }

    /// A role that was never held here is none that the caller may know of: the answer is that of an unknown account.
    fn revoke(&self, grant: Grant, superadmins: Superadmins) -> Result<Vec<AccountEvent>, Rejection> {
        if !self.grants.contains(&grant) {
            return if self.lost.contains(&grant) { Ok(Vec::new()) } else { Err(no_account()) };
        }
        let superadmin_removal = match (grant, superadmins.others) {
            (Grant::Superadmin, 0) => {
                return Err(Rejection::conflict(
                    "account.last_superadmin",
                    "this is the last superadmin; invite another one first, and remove this one once they have accepted",
                ));
            }
            (Grant::Superadmin, _) => Some(superadmins.removed.saturating_add(1)),
            (
                Grant::MasterAdmin { .. }
                | Grant::TenantAdmin { .. }
                | Grant::TenantUser { .. }
                | Grant::Auditor { .. },
                _,
            ) => None,
        };
        Ok(vec![AccountEvent::Revoked(RoleRevoked { grant, superadmin_removal })])
    }

    fn grant_permission(&self, held: HeldPermission) -> Result<Vec<AccountEvent>, Rejection> {
        self.must_be_user_of(held.tenant_id)?;
        if self.permissions.contains(&held) {
            return Ok(Vec::new());
        }
        Ok(vec![AccountEvent::PermissionGranted(held)])
    }

    fn revoke_permission(&self, held: HeldPermission) -> Result<Vec<AccountEvent>, Rejection> {
        self.must_be_user_of(held.tenant_id)?;
        if !self.permissions.contains(&held) {
            return Ok(Vec::new());
        }
        Ok(vec![AccountEvent::PermissionRevoked(held)])
    }

    /// Permissions are for a tenant's users: its admin has them all, its auditor only ever reads (product.md section 1).
    fn must_be_user_of(&self, tenant_id: TenantId) -> Result<(), Rejection> {
        if self.grants.contains(&Grant::TenantUser { tenant_id }) {
            return Ok(());
        }
        if self.grants.iter().all(|grant| grant.tenant() != Some(tenant_id)) {
            return Err(no_account());
        }
        Err(Rejection::conflict(
            "account.not_a_tenant_user",
            "permissions are granted to tenant users; an administrator has them all and an auditor only reads",
        ))
    }

    fn enroll(&self, secret_id: SecretId) -> Result<Vec<AccountEvent>, Rejection> {
        match self.second_factor {
            None => Ok(vec![AccountEvent::SecondFactorEnrolled(SecondFactorEnrolled { secret_id })]),
            Some(enrolled) if enrolled == secret_id => Ok(Vec::new()),
            Some(_) => Err(Rejection::conflict(
                "mfa.enrolled",
                "a second factor is enrolled already; disable it before you enroll another one",
            )),
        }
    }

    fn evolve(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::Granted(granted) => {
                self.grants.insert(granted.grant);
                self.lost.remove(&granted.grant);
                self.taken_up.extend(granted.invitation_id);
            }
            AccountEvent::Revoked(revoked) => {
                self.grants.remove(&revoked.grant);
                self.lost.insert(revoked.grant);
                if let Grant::TenantUser { tenant_id } = revoked.grant {
                    self.permissions.retain(|held| held.tenant_id != tenant_id);
                }
            }
            AccountEvent::PermissionGranted(held) => {
                self.permissions.insert(held);
            }
            AccountEvent::PermissionRevoked(held) => {
                self.permissions.remove(&held);
            }
            AccountEvent::SecondFactorEnrolled(enrolled) => self.second_factor = Some(enrolled.secret_id),
            AccountEvent::SecondFactorDisabled(_) => self.second_factor = None,
            AccountEvent::FirstRegistered(_)
            | AccountEvent::Registered(_)
            | AccountEvent::Impersonated(_)
            | AccountEvent::RecoveryCodeUsed(_) => {}
        }
    }
}

fn claims(event: &AccountEvent) -> Vec<Claim> {
    match event {
        AccountEvent::FirstRegistered(_) => vec![Claim::take(Account::FIRST, "")],
        AccountEvent::Revoked(revoked) => {
            let removal = revoked.superadmin_removal.map(|number| number.to_string());
            removal.map(|number| Claim::take(Account::SUPERADMIN_REMOVAL, number)).into_iter().collect()
        }
        AccountEvent::Registered(_)
        | AccountEvent::Granted(_)
        | AccountEvent::PermissionGranted(_)
        | AccountEvent::PermissionRevoked(_)
        | AccountEvent::Impersonated(_)
        | AccountEvent::SecondFactorEnrolled(_)
        | AccountEvent::SecondFactorDisabled(_)
        | AccountEvent::RecoveryCodeUsed(_) => Vec::new(),
    }
}

aggregate!(Account, "account", AccountCommand, AccountEvent, claims);

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use ulid::Ulid;

    use super::*;
    use crate::Actor;

    const NOBODY: Superadmins = Superadmins { others: 0, removed: 0 };

    fn given(events: Vec<AccountEvent>) -> Account {
        let mut account = Account::default();
        account.evolve(AccountEvent::Registered(AccountRegistered { id: AccountId::default() }));
        for event in events {
            account.evolve(event);
        }
        account
    }

    fn granted(grant: Grant, invitation: u128) -> AccountEvent {
        let invitation_id = Some(InvitationId::new(Ulid(invitation)));
        AccountEvent::Granted(RoleGranted { grant, invitation_id })
    }

    fn when(account: &Account, command: AccountCommand) -> Result<Vec<AccountEvent>, Rejection> {
        account.decide(command, &Moment::new(DateTime::UNIX_EPOCH, Actor::Public))
    }

    fn user() -> Grant {
        Grant::TenantUser { tenant_id: TenantId::default() }
    }

    #[test]
    fn the_last_superadmin_stays_and_each_removal_takes_the_next_number() {
        let account = given(vec![granted(Grant::Superadmin, 1)]);
        let revoke = |superadmins| AccountCommand::Revoke { grant: Grant::Superadmin, superadmins };
        let last = when(&account, revoke(NOBODY)).unwrap_err();
        assert!(matches!(last, Rejection::Conflict { code: "account.last_superadmin", .. }));
        let events = when(&account, revoke(Superadmins { others: 1, removed: 4 })).unwrap();
        assert_eq!(claims(&events[0]), [Claim::take(Account::SUPERADMIN_REMOVAL, "5")]);
    }

    #[test]
    fn a_role_is_taken_away_once_and_one_never_held_is_nobodys() {
        let mut account = given(vec![granted(user(), 1)]);
        let revoke = |grant| AccountCommand::Revoke { grant, superadmins: NOBODY };
        let auditor = Grant::Auditor { tenant_id: TenantId::default() };
        assert_eq!(when(&account, revoke(auditor)), Err(no_account()));
        let events = when(&account, revoke(user())).unwrap();
        account.evolve(events[0].clone());
        assert_eq!(account.grants().count(), 0);
        assert_eq!(when(&account, revoke(user())), Ok(Vec::new()));
    }

    #[test]
    fn an_invitation_that_was_taken_up_does_not_give_a_lost_role_back() {
        let lost = AccountEvent::Revoked(RoleRevoked { grant: user(), superadmin_removal: None });
        let account = given(vec![granted(user(), 1), lost]);
        let accept = |invitation| AccountCommand::AcceptGrant {
            id: AccountId::default(),
            grant: user(),
            invitation_id: InvitationId::new(Ulid(invitation)),
        };
        assert_eq!(when(&account, accept(1)), Ok(Vec::new()));
        assert_eq!(when(&account, accept(2)), Ok(vec![granted(user(), 2)]), "a new one does");
    }

    #[test]
    fn a_permission_is_for_a_tenants_user_and_goes_with_the_role() {
        let held = HeldPermission { tenant_id: TenantId::default(), permission: Privilege::WriteValues };
        let grant = AccountCommand::GrantPermission(held);
        assert_eq!(when(&given(vec![]), grant), Err(no_account()));
        let auditor = given(vec![granted(Grant::Auditor { tenant_id: held.tenant_id }, 1)]);
        let refused = when(&auditor, grant).unwrap_err();
        assert!(matches!(refused, Rejection::Conflict { code: "account.not_a_tenant_user", .. }));
        let mut account = given(vec![granted(user(), 1)]);
        account.evolve(when(&account, grant).unwrap().remove(0));
        assert_eq!(when(&account, grant), Ok(Vec::new()));
        assert_eq!(account.permissions_in(held.tenant_id), BTreeSet::from([Privilege::WriteValues]));
        account.evolve(AccountEvent::Revoked(RoleRevoked { grant: user(), superadmin_removal: None }));
        account.evolve(granted(user(), 2));
        assert_eq!(account.permissions_in(held.tenant_id), BTreeSet::new());
    }

    #[test]
    fn a_second_factor_is_not_replaced_while_it_is_in_use() {
        let secret = |n| SecretId::new(Ulid(n));
        let enroll = |n| AccountCommand::EnrollSecondFactor { secret_id: secret(n) };
        let mut account = given(vec![granted(user(), 1)]);
        account.evolve(when(&account, enroll(1)).unwrap().remove(0));
        assert_eq!(account.second_factor(), Some(secret(1)));
        assert_eq!(when(&account, enroll(1)), Ok(Vec::new()));
        assert!(matches!(when(&account, enroll(2)), Err(Rejection::Conflict { code: "mfa.enrolled", .. })));
        account.evolve(when(&account, AccountCommand::DisableSecondFactor).unwrap().remove(0));
        assert_eq!(account.second_factor(), None);
    }
}
