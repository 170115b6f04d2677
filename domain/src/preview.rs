//! Preview: a link that shows one workflow once to whoever holds it (product.md section 4, hazards H10). The token and its
//! hash stay in the tenant's tables; events know previews by id.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::{Description, Moment, Position, PreviewId, Rejection, WorkflowId};

/// A preview as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Preview {
    /// No event yet: there is no such preview.
    #[default]
    Absent,
    /// Minted.
    Minted(PreviewState),
}

/// A minted preview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviewState {
    /// What it shows and until when.
    pub minted: PreviewMinted,
    /// Whether it can still be looked at.
    pub standing: PreviewStanding,
    /// How often somebody came in vain; not counted past [`Preview::MISSES`].
    pub misses: u32,
}

/// Whether a preview can still be looked at. Expiry is not a standing: it comes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PreviewStanding {
    /// Once.
    Open,
    /// Somebody has seen it.
    Viewed,
    /// Taken back.
    Revoked,
}

/// What can be asked of a preview.
#[derive(Debug, Clone)]
pub enum PreviewCommand {
    /// Mints it.
    Mint {
        /// Its id, made by the caller.
        id: PreviewId,
        /// Which workflow it shows.
        workflow_id: WorkflowId,
        /// As of which position.
        position: Position,
        /// How many hours it can be looked at.
        expires_in_hours: u32,
        /// Whom it is for, in the words of who minted it.
        note: Option<Description>,
    },
    /// Looks at it: the one answer [`PreviewEvent::Viewed`] lets it be shown, any other does not.
    View,
    /// Takes it back.
    Revoke,
}

events! {
    /// What happened to a preview.
    pub enum PreviewEvent {
        /// It was minted.
        Minted(PreviewMinted) = "preview.minted" v 1,
        /// Somebody looked at it.
        Viewed(PreviewViewed) = "preview.viewed" v 1,
        /// Somebody came in vain.
        Missed(PreviewMissed) = "preview.missed" v 1,
        /// It was taken back.
        Revoked(PreviewRevoked) = "preview.revoked" v 1,
    }
}

/// It was minted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreviewMinted {
    /// Its id.
    pub id: PreviewId,
    /// Which workflow it shows.
    pub workflow_id: WorkflowId,
    /// As of which position: what happens later is not shown.
    pub position: Position,
    /// Until when it can be looked at.
    pub expires_at: DateTime<Utc>,
    /// Whom it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Description>,
}

/// Somebody looked at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviewViewed {}

/// Somebody came in vain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviewMissed {
    /// Why. Never said to who came: used, expired, revoked and unknown get the same answer.
    pub why: MissedWhy,
}

/// Why somebody came in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissedWhy {
    /// It had been looked at.
    Viewed,
    /// It had been taken back.
    Revoked,
    /// Its time was over.
    Expired,
}

/// It was taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviewRevoked {}

impl Preview {
    /// How many misses are recorded at most (decided): a link that is hammered does not fill the stream.
    pub const MISSES: u32 = 100;

    /// The longest a preview can be looked at: thirty days (decided).
    pub const LONGEST_HOURS: u32 = 30 * 24;

    fn decide(&self, command: PreviewCommand, moment: &Moment) -> Result<Vec<PreviewEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, PreviewCommand::Mint { id, workflow_id, position, expires_in_hours, note }) => {
                if !(1..=Self::LONGEST_HOURS).contains(&expires_in_hours) {
                    let detail = format!("must be from 1 to {} hours", Self::LONGEST_HOURS);
                    return Err(Rejection::invalid("preview.expiry", "/expiresInHours", detail));
                }
                let expires_at = moment.now + Duration::hours(i64::from(expires_in_hours));
                Ok(vec![PreviewEvent::Minted(PreviewMinted { id, workflow_id, position, expires_at, note })])
            }
            (Self::Minted(_), PreviewCommand::Mint { .. }) => Ok(Vec::new()),
            (Self::Absent, PreviewCommand::View | PreviewCommand::Revoke) => {
                Err(Rejection::NotFound { noun: "preview" })
            }
            (Self::Minted(state), PreviewCommand::View) => Ok(state.view(moment.now)),
            (Self::Minted(state), PreviewCommand::Revoke) => match state.standing {
                PreviewStanding::Open => Ok(vec![PreviewEvent::Revoked(PreviewRevoked {})]),
                PreviewStanding::Revoked => Ok(Vec::new()),
                PreviewStanding::Viewed => Err(Rejection::conflict(
                    "preview.viewed",
                    "somebody has looked at this preview already, so it can no longer be taken back",
                )),
            },
        }
    }

    fn evolve(&mut self, event: PreviewEvent) {
        match (self, event) {
            (this, PreviewEvent::Minted(minted)) => {
                *this = Self::Minted(PreviewState { minted, standing: PreviewStanding::Open, misses: 0 });
            }
            (Self::Minted(state), PreviewEvent::Viewed(_)) => state.standing = PreviewStanding::Viewed,
            (Self::Minted(state), PreviewEvent::Revoked(_)) => state.standing = PreviewStanding::Revoked,
            (Self::Minted(state), PreviewEvent::Missed(_)) => state.misses = state.misses.saturating_add(1),
            (Self::Absent, PreviewEvent::Viewed(_) | PreviewEvent::Revoked(_) | PreviewEvent::Missed(_)) => {}
        }
    }
}

impl PreviewState {
    /// A view is used up by the first who comes in time; whoever comes after is counted.
    fn view(&self, now: DateTime<Utc>) -> Vec<PreviewEvent> {
        let why = match self.standing {
            PreviewStanding::Open if now < self.minted.expires_at => {
                return vec![PreviewEvent::Viewed(PreviewViewed {})];
            }
            PreviewStanding::Open => MissedWhy::Expired,
            PreviewStanding::Viewed => MissedWhy::Viewed,
            PreviewStanding::Revoked => MissedWhy::Revoked,
        };
        if self.misses < Preview::MISSES {
            vec![PreviewEvent::Missed(PreviewMissed { why })]
        } else {
            Vec::new()
        }
    }
}

aggregate!(Preview, "preview", PreviewCommand, PreviewEvent);

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};

    use super::{MissedWhy, Preview, PreviewCommand, PreviewEvent, PreviewMissed};
    use crate::{Actor, Moment, Position, PreviewId, Rejection, WorkflowId};

    fn give(
        preview: &mut Preview,
        command: PreviewCommand,
        minutes: i64,
    ) -> Result<Vec<PreviewEvent>, Rejection> {
        let moment = Moment::new(DateTime::UNIX_EPOCH + Duration::minutes(minutes), Actor::Public);
        let events = preview.decide(command, &moment)?;
        events.iter().cloned().for_each(|event| preview.evolve(event));
        Ok(events)
    }

    fn mint(expires_in_hours: u32) -> PreviewCommand {
        let (id, workflow_id) = (PreviewId::default(), WorkflowId::default());
        PreviewCommand::Mint { id, workflow_id, position: Position::new(7), expires_in_hours, note: None }
    }

    fn missed(why: MissedWhy) -> Vec<PreviewEvent> {
        vec![PreviewEvent::Missed(PreviewMissed { why })]
    }

    #[test]
    fn one_sees_it_and_whoever_comes_after_is_counted() {
        let mut preview = Preview::default();
        give(&mut preview, mint(1), 0).unwrap();
        assert!(matches!(give(&mut preview, PreviewCommand::View, 1).unwrap()[0], PreviewEvent::Viewed(_)));
        for _ in 0..Preview::MISSES {
            assert_eq!(give(&mut preview, PreviewCommand::View, 2).unwrap(), missed(MissedWhy::Viewed));
        }
        assert_eq!(give(&mut preview, PreviewCommand::View, 2).unwrap(), Vec::new());
    }

    #[test]
    fn it_is_over_at_its_very_instant() {
        let mut preview = Preview::default();
        give(&mut preview, mint(1), 0).unwrap();
        assert_eq!(give(&mut preview, PreviewCommand::View, 60).unwrap(), missed(MissedWhy::Expired));
    }

    #[test]
    fn one_that_was_taken_back_is_not_shown() {
        let mut preview = Preview::default();
        give(&mut preview, mint(1), 0).unwrap();
        assert_eq!(give(&mut preview, PreviewCommand::Revoke, 1).unwrap().len(), 1);
        assert_eq!(give(&mut preview, PreviewCommand::Revoke, 1).unwrap(), Vec::new());
        assert_eq!(give(&mut preview, PreviewCommand::View, 2).unwrap(), missed(MissedWhy::Revoked));
    }

    #[test]
    fn it_lives_from_an_hour_to_thirty_days() {
        for hours in [0, Preview::LONGEST_HOURS + 1] {
            let refused = give(&mut Preview::default(), mint(hours), 0);
            assert!(matches!(refused, Err(Rejection::Invalid { code: "preview.expiry", .. })), "{hours}");
        }
    }
}
