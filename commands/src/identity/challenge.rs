//! Challenges: what somebody is given whose password is right, to come back with their second factor.

use std::fmt;

use chrono::Duration;
use draxis_domain::AccountId;
use serde::{Deserialize, Serialize};

use crate::CommandError;
use crate::identity::Identity;
use crate::identity::access_token::is_in_time;

/// How long there is to look up a code.
const LIFETIME: Duration = Duration::minutes(5);
const ISSUER: &str = "draxis";
/// Whom it is for: itself alone, so that it opens nothing else.
const AUDIENCE: &str = "draxis-mfa";
/// No access token is of this type, and no challenge of theirs.
const TYPE: &str = "mfa+jwt";

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: AccountId,
    iat: i64,
    exp: i64,
}

/// The proof that a password was right a short while ago. It opens nothing by itself.
pub struct Challenge(String);

impl Challenge {
    /// Seconds until it expires.
    pub const EXPIRES_IN: i64 = LIFETIME.num_seconds();

    /// The token.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge")
    }
}

impl Identity {
    /// Somebody has shown their password, and has a second factor.
    pub(super) fn challenge(&self, account: AccountId) -> Result<Challenge, CommandError> {
        let now = self.commands.clock().now();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: account,
            iat: now.timestamp(),
            exp: (now + LIFETIME).timestamp(),
        };
        Ok(Challenge(self.sign(TYPE, &claims)?))
    }

    /// Who has shown their password, if they come back in time.
    pub(super) fn challenged(&self, challenge: &str) -> Result<AccountId, CommandError> {
        let claims: Claims =
            self.read_signed((TYPE, AUDIENCE), challenge).ok_or(CommandError::WrongCredentials)?;
        let in_time = is_in_time((claims.iat, claims.exp), self.commands.clock().now());
        if in_time { Ok(claims.sub) } else { Err(CommandError::WrongCredentials) }
    }
}
