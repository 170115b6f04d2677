//! Tokens that may push values to one source: minted, shown once, revoked.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::source::{DeliveryWay, PushTokenMinted, PushTokenRevoked, SourceEvent, SourceState};
use crate::{Moment, Name, PushTokenId, Rejection};

/// A token as its source knows it: everything but the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PushToken {
    /// What people call it.
    pub name: Name,
    /// When it was made.
    pub minted_at: DateTime<Utc>,
    /// Until when it works, unless it works until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it was revoked.
    pub revoked: bool,
}

impl PushToken {
    /// Whether it lets somebody in at that time.
    pub fn works(&self, now: DateTime<Utc>) -> bool {
        !self.revoked && self.expires_at.is_none_or(|end| now < end)
    }
}

/// The most tokens of one source that work at a time.
const MOST: usize = 20;
/// The most that are remembered; of those that were revoked the oldest are forgotten.
const MOST_REMEMBERED: usize = 200;

impl SourceState {
    pub(super) fn mint(
        &self,
        id: PushTokenId,
        (name, expires_at): (Name, Option<DateTime<Utc>>),
        moment: &Moment,
    ) -> Result<Vec<SourceEvent>, Rejection> {
        if self.push_tokens.contains_key(&id) {
            return Ok(Vec::new());
        }
        if self.body.receives_by() != Some(DeliveryWay::Push) {
            let detail = "nothing is pushed to this source; connect one of the vendor push";
            return Err(Rejection::conflict("source.not_pushed", detail));
        }
        if expires_at.is_some_and(|end| end <= moment.now) {
            let detail = "must be later than now; leave it out for a token that works until it is revoked";
            return Err(Rejection::invalid("source.push_token_expired", "/expiresAt", detail));
        }
        if self.push_tokens.values().filter(|token| token.works(moment.now)).count() >= MOST {
            let detail = format!("{MOST} tokens of this source work already; revoke one first");
            return Err(Rejection::conflict("source.too_many_push_tokens", detail));
        }
        let minted = PushTokenMinted { id, name, minted_at: moment.now, expires_at };
        Ok(vec![SourceEvent::PushTokenMinted(minted)])
    }

    pub(super) fn revoke(&self, id: PushTokenId) -> Result<Vec<SourceEvent>, Rejection> {
        match self.push_tokens.get(&id) {
            None => Err(Rejection::NotFound { noun: "push token" }),
            Some(token) if token.revoked => Ok(Vec::new()),
            Some(_) => Ok(vec![SourceEvent::PushTokenRevoked(PushTokenRevoked { id })]),
        }
    }

    pub(super) fn minted(&mut self, minted: PushTokenMinted) {
        let PushTokenMinted { id, name, minted_at, expires_at } = minted;
        self.push_tokens.insert(id, PushToken { name, minted_at, expires_at, revoked: false });
        forget_the_oldest(&mut self.push_tokens);
    }

    pub(super) fn revoked(&mut self, id: PushTokenId) {
        if let Some(token) = self.push_tokens.get_mut(&id) {
            token.revoked = true;
        }
    }
}

fn forget_the_oldest(tokens: &mut BTreeMap<PushTokenId, PushToken>) {
    while tokens.len() > MOST_REMEMBERED {
        // Ids begin with their time.
        let Some(id) = tokens.iter().find(|(_, token)| token.revoked).map(|(id, _)| *id) else { return };
        tokens.remove(&id);
    }
}
