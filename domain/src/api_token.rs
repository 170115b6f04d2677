//! API token: how a machine acts in one tenant. Its text is kept nowhere, its hash outside the log; events hold the rest.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{AccountId, ApiTokenId, Moment, Name, Privilege, Rejection};

/// An API token as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum ApiToken {
    /// No event yet: there is no such token.
    #[default]
    Absent,
    /// It was made.
    Minted(MintedApiToken),
}

/// A token that was made, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MintedApiToken {
    /// What it is.
    pub minted: ApiTokenMinted,
    /// When it was taken back, if it was.
    #[serde(default)]
    pub revoked_at: Option<DateTime<Utc>>,
}

/// What can be asked of an API token.
#[derive(Debug, Clone)]
pub enum ApiTokenCommand {
    /// Makes it.
    Mint {
        /// Its id.
        id: ApiTokenId,
        /// What people call it.
        name: Name,
        /// What it may do at most.
        scopes: BTreeSet<Privilege>,
        /// Who makes it, whose own permissions it never exceeds.
        minted_by: AccountId,
        /// Until when it works.
        expires_at: Option<DateTime<Utc>>,
    },
    /// Takes it back.
    Revoke,
}

events! {
    /// What happened to an API token.
    pub enum ApiTokenEvent {
        /// It was made.
        Minted(ApiTokenMinted) = "api_token.minted" v 1,
        /// It was taken back.
        Revoked(ApiTokenRevoked) = "api_token.revoked" v 1,
    }
}

/// It was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiTokenMinted {
    /// Its id, which is also the actor of what is done with it.
    pub id: ApiTokenId,
    /// What people call it.
    pub name: Name,
    /// What it may do at most.
    pub scopes: BTreeSet<Privilege>,
    /// Who made it.
    pub minted_by: AccountId,
    /// When.
    pub minted_at: DateTime<Utc>,
    /// Until when it works; until it is revoked, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// It was taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiTokenRevoked {
    /// When.
    pub revoked_at: DateTime<Utc>,
}

impl MintedApiToken {
    /// Whether it lets somebody in at that time; at the very second of its expiry no more.
    pub fn works(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.minted.expires_at.is_none_or(|expires_at| now < expires_at)
    }
}

impl ApiToken {
    /// What it is, where it was made.
    pub const fn minted(&self) -> Option<&MintedApiToken> {
        match self {
            Self::Absent => None,
            Self::Minted(token) => Some(token),
        }
    }

    fn decide(&self, command: ApiTokenCommand, moment: &Moment) -> Result<Vec<ApiTokenEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, ApiTokenCommand::Mint { id, name, scopes, minted_by, expires_at }) => {
                must_be_of_use(&scopes, expires_at, moment.now)?;
                let minted_at = moment.now;
                let minted = ApiTokenMinted { id, name, scopes, minted_by, minted_at, expires_at };
                Ok(vec![ApiTokenEvent::Minted(minted)])
            }
            (Self::Minted(_), ApiTokenCommand::Mint { .. }) => Ok(Vec::new()),
            (Self::Absent, ApiTokenCommand::Revoke) => Err(Rejection::NotFound { noun: "API token" }),
            (Self::Minted(token), ApiTokenCommand::Revoke) if token.revoked_at.is_some() => Ok(Vec::new()),
            (Self::Minted(_), ApiTokenCommand::Revoke) => {
                Ok(vec![ApiTokenEvent::Revoked(ApiTokenRevoked { revoked_at: moment.now })])
            }
        }
    }

    fn evolve(&mut self, event: ApiTokenEvent) {
        match (self, event) {
            (this, ApiTokenEvent::Minted(minted)) => {
                *this = Self::Minted(MintedApiToken { minted, revoked_at: None });
            }
            (Self::Minted(token), ApiTokenEvent::Revoked(revoked)) => {
                token.revoked_at = Some(revoked.revoked_at);
            }
            (Self::Absent, ApiTokenEvent::Revoked(_)) => {}
        }
    }
}

fn must_be_of_use(
    scopes: &BTreeSet<Privilege>,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Rejection> {
    if scopes.is_empty() {
        let known: Vec<&str> = Privilege::ALL.iter().map(|scope| scope.as_str()).collect();
        let detail = format!("must name at least one of {}", known.join(", "));
        return Err(Rejection::invalid("api_token.no_scope", "/scopes", detail));
    }
    if expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(Rejection::invalid("api_token.expired", "/expiresAt", "must lie in the future"));
    }
    Ok(())
}

aggregate!(ApiToken, "api_token", ApiTokenCommand, ApiTokenEvent);

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::Actor;

    fn mint(scopes: &[Privilege], expires_at: Option<DateTime<Utc>>) -> ApiTokenCommand {
        ApiTokenCommand::Mint {
            id: ApiTokenId::default(),
            name: Name::parse("Nightly job").unwrap(),
            scopes: scopes.iter().copied().collect(),
            minted_by: AccountId::default(),
            expires_at,
        }
    }

    #[test]
    fn a_token_of_no_use_is_not_made() {
        let moment = Moment::new(DateTime::UNIX_EPOCH, Actor::Runner);
        for (command, wrong) in [
            (mint(&[], None), "api_token.no_scope"),
            (mint(&[Privilege::Read], Some(moment.now)), "api_token.expired"),
        ] {
            let refused = ApiToken::default().decide(command, &moment).unwrap_err();
            assert!(matches!(refused, Rejection::Invalid { code, .. } if code == wrong), "{refused:?}");
        }
    }

    #[test]
    fn a_token_works_until_it_expires_or_is_taken_back() {
        let moment = Moment::new(DateTime::UNIX_EPOCH, Actor::Runner);
        let expires_at = moment.now + Duration::hours(1);
        let mut token = ApiToken::default();
        token.evolve(token.decide(mint(&[Privilege::Read], Some(expires_at)), &moment).unwrap().remove(0));
        let works = |token: &ApiToken, now| token.minted().unwrap().works(now);
        assert!(works(&token, expires_at - Duration::seconds(1)));
        assert!(!works(&token, expires_at), "at its very second");
        token.evolve(token.decide(ApiTokenCommand::Revoke, &moment).unwrap().remove(0));
        assert!(!works(&token, moment.now));
        assert_eq!(token.decide(ApiTokenCommand::Revoke, &moment), Ok(Vec::new()));
        let absent = ApiToken::default().decide(ApiTokenCommand::Revoke, &moment);
        assert_eq!(absent, Err(Rejection::NotFound { noun: "API token" }));
    }
}
