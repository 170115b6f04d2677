//! Invitation: how everybody after the first comes in. The address and the token's hash stay in the platform's tables.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::account::Grant;
use crate::{AccountId, InvitationId, Moment, Rejection};

/// An invitation as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Invitation {
    /// No event yet: there is no such invitation.
    #[default]
    Absent,
    /// Sent and waiting.
    Open {
        /// What accepting it grants.
        grant: Grant,
        /// Until when it can be accepted.
        expires_at: DateTime<Utc>,
    },
    /// Accepted; the account may still be about to be made, so that a crash in between loses nothing.
    Accepted {
        /// What it granted.
        grant: Grant,
        /// By whom.
        account_id: AccountId,
    },
}

/// What can be asked of an invitation.
#[derive(Debug, Clone)]
pub enum InvitationCommand {
    /// Invites somebody.
    Send(InvitationSent),
    /// Takes it up.
    Accept {
        /// The account that takes it up, existing or about to be made.
        account_id: AccountId,
    },
}

events! {
    /// What happened to an invitation.
    pub enum InvitationEvent {
        /// Somebody was invited.
        Sent(InvitationSent) = "invitation.sent" v 1,
        /// They took it up.
        Accepted(InvitationAccepted) = "invitation.accepted" v 1,
    }
}

/// Somebody was invited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationSent {
    /// Its id.
    pub id: InvitationId,
    /// What accepting it grants.
    pub grant: Grant,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
}

/// They took it up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationAccepted {
    /// By whom.
    pub account_id: AccountId,
}

impl Invitation {
    fn decide(&self, command: InvitationCommand, moment: &Moment) -> Result<Vec<InvitationEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, InvitationCommand::Send(sent)) => Ok(vec![InvitationEvent::Sent(sent)]),
            (Self::Open { .. } | Self::Accepted { .. }, InvitationCommand::Send(_)) => Ok(Vec::new()),
            (Self::Absent, InvitationCommand::Accept { .. }) => {
                Err(Rejection::NotFound { noun: "invitation" })
            }
            (Self::Open { expires_at, .. }, InvitationCommand::Accept { account_id }) => {
                if *expires_at <= moment.now {
                    return Err(Rejection::conflict(
                        "invitation.expired",
                        "the invitation has expired; ask the person who sent it for another one",
                    ));
                }
                Ok(vec![InvitationEvent::Accepted(InvitationAccepted { account_id })])
            }
            (Self::Accepted { account_id: by, .. }, InvitationCommand::Accept { account_id })
                if *by == account_id =>
            {
                Ok(Vec::new())
            }
            (Self::Accepted { .. }, InvitationCommand::Accept { .. }) => Err(Rejection::conflict(
                "invitation.accepted",
                "the invitation has been accepted already; sign in instead",
            )),
        }
    }

    fn evolve(&mut self, event: InvitationEvent) {
        *self = match (std::mem::take(self), event) {
            (_, InvitationEvent::Sent(sent)) => Self::Open { grant: sent.grant, expires_at: sent.expires_at },
            (
                Self::Open { grant, .. } | Self::Accepted { grant, .. },
                InvitationEvent::Accepted(accepted),
            ) => Self::Accepted { grant, account_id: accepted.account_id },
            (Self::Absent, InvitationEvent::Accepted(_)) => Self::Absent,
        };
    }
}

aggregate!(Invitation, "invitation", InvitationCommand, InvitationEvent);

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration, Utc};

    use super::{Invitation, InvitationAccepted, InvitationCommand, InvitationEvent, InvitationSent};
    use crate::account::Grant;
    use crate::{AccountId, Actor, InvitationId, Moment, Rejection};

    fn sent(expires_at: DateTime<Utc>) -> InvitationEvent {
        InvitationEvent::Sent(InvitationSent {
            id: InvitationId::default(),
            grant: Grant::Superadmin,
            expires_at,
        })
    }

    fn given(events: Vec<InvitationEvent>) -> Invitation {
        let mut invitation = Invitation::default();
        for event in events {
            invitation.evolve(event);
        }
        invitation
    }

    #[test]
    fn an_expired_invitation_is_refused_at_its_very_instant() {
        let now = DateTime::UNIX_EPOCH;
        let accept = || InvitationCommand::Accept { account_id: AccountId::default() };
        let moment = Moment::new(now, Actor::Public);
        let refused = given(vec![sent(now)]).decide(accept(), &moment).unwrap_err();
        assert!(matches!(refused, Rejection::Conflict { code: "invitation.expired", .. }));
        let accepted = given(vec![sent(now + Duration::microseconds(1))]).decide(accept(), &moment).unwrap();
        assert_eq!(accepted.len(), 1);
    }

    #[test]
    fn a_second_person_cannot_accept_but_the_first_may_repeat_it() {
        let first = AccountId::from(uuid::Uuid::from_u128(1));
        let second = AccountId::from(uuid::Uuid::from_u128(2));
        let moment = Moment::new(DateTime::UNIX_EPOCH, Actor::Public);
        let accepted = given(vec![
            sent(moment.now + Duration::days(1)),
            InvitationEvent::Accepted(InvitationAccepted { account_id: first }),
        ]);
        let accept = |account_id| accepted.decide(InvitationCommand::Accept { account_id }, &moment);
        assert_eq!(accept(first), Ok(Vec::new()));
        assert!(matches!(accept(second), Err(Rejection::Conflict { code: "invitation.accepted", .. })));
    }
}
