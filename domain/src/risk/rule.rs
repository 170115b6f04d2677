//! The rules of a risk: edits on the current version, links that are made once, nothing after archiving.

use serde::{Deserialize, Serialize};

use crate::risk::{ControlLinked, OutcomeLinked, RiskArchived, RiskBody, RiskDefined, RiskEdited, RiskEvent};
use crate::{ControlId, Moment, OutcomeId, Rejection, RiskId};

/// A risk as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Risk {
    /// No event yet: there is no such risk.
    #[default]
    Absent,
    /// Defined.
    Present(Box<RiskState>),
}

/// A defined risk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskState {
    /// Its id.
    pub id: RiskId,
    /// Counts definitions from 1, links included; the `ETag`.
    pub version: u64,
    /// What it is.
    pub body: RiskBody,
    /// Whether it is out of use.
    pub archived: bool,
}

/// What can be asked of a risk. That what it names exists in this tenant and is not archived is checked before.
#[derive(Debug, Clone)]
pub enum RiskCommand {
    /// Brings a new one into being.
    Define {
        /// Its id, made by the caller.
        id: RiskId,
        /// What it is to be.
        body: Box<RiskBody>,
    },
    /// Replaces what it is.
    Edit {
        /// What it is to be.
        body: Box<RiskBody>,
    },
    /// Links it to a control that holds it down.
    LinkControl(ControlId),
    /// Undoes that.
    UnlinkControl(ControlId),
    /// Links it to an outcome that it threatens.
    LinkOutcome(OutcomeId),
    /// Undoes that.
    UnlinkOutcome(OutcomeId),
    /// Takes it out of use.
    Archive,
}

impl Risk {
    /// The version an edit must name; 0 where there is none.
    pub fn version(&self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Present(state) => state.version,
        }
    }

    /// The state, where the risk exists and is not archived.
    pub fn in_use(&self) -> Option<&RiskState> {
        match self {
            Self::Present(state) if !state.archived => Some(state),
            Self::Present(_) | Self::Absent => None,
        }
    }

    fn decide(&self, command: RiskCommand, moment: &Moment) -> Result<Vec<RiskEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, RiskCommand::Define { id, body }) => {
                body.check()?;
                let body = body.without_reason();
                Ok(vec![RiskEvent::Defined(Box::new(RiskDefined { id, body }))])
            }
            (Self::Present(_), RiskCommand::Define { .. }) => Ok(Vec::new()),
            (Self::Absent, _) => Err(Rejection::NotFound { noun: "risk" }),
            (Self::Present(state), RiskCommand::Archive) if state.archived => Ok(Vec::new()),
            (Self::Present(state), _) if state.archived => Err(Rejection::conflict(
                "risk.archived",
                "the risk is archived and read-only; define another one",
            )),
            (Self::Present(state), command) => state.decide(command, moment),
        }
    }

    fn evolve(&mut self, event: RiskEvent) {
        match (self, event) {
            (this, RiskEvent::Defined(defined)) => {
                let RiskDefined { id, body } = *defined;
                *this = Self::Present(Box::new(RiskState { id, version: 1, body, archived: false }));
            }
            (Self::Present(state), event) => state.evolve(event),
            (Self::Absent, _) => {}
        }
    }
}

impl RiskState {
    fn decide(&self, command: RiskCommand, moment: &Moment) -> Result<Vec<RiskEvent>, Rejection> {
        let Some(event) = self.asked(command)? else { return Ok(Vec::new()) };
        moment.must_match(self.version)?;
        Ok(vec![event])
    }

    /// The event that the command asks for; none where what it asks for already holds.
    fn asked(&self, command: RiskCommand) -> Result<Option<RiskEvent>, Rejection> {
        let version = self.version.saturating_add(1);
        let (controls, outcomes) = (&self.body.control_ids, &self.body.outcome_ids);
        Ok(match command {
            RiskCommand::Edit { body } => {
                body.check()?;
                let body = body.without_reason();
                (body != self.body).then(|| RiskEvent::Edited(Box::new(RiskEdited { version, body })))
            }
            RiskCommand::LinkControl(control_id) if !controls.contains(&control_id) => {
                RiskBody::check_links("/controlIds", controls.len().saturating_add(1))?;
                Some(RiskEvent::ControlLinked(ControlLinked { version, control_id }))
            }
            RiskCommand::UnlinkControl(control_id) if controls.contains(&control_id) => {
                Some(RiskEvent::ControlUnlinked(ControlLinked { version, control_id }))
            }
            RiskCommand::LinkOutcome(outcome_id) if !outcomes.contains(&outcome_id) => {
                RiskBody::check_links("/outcomeIds", outcomes.len().saturating_add(1))?;
                Some(RiskEvent::OutcomeLinked(OutcomeLinked { version, outcome_id }))
            }
            RiskCommand::UnlinkOutcome(outcome_id) if outcomes.contains(&outcome_id) => {
                Some(RiskEvent::OutcomeUnlinked(OutcomeLinked { version, outcome_id }))
            }
            RiskCommand::Archive => Some(RiskEvent::Archived(RiskArchived {})),
            RiskCommand::Define { .. }
            | RiskCommand::LinkControl(_)
            | RiskCommand::UnlinkControl(_)
            | RiskCommand::LinkOutcome(_)
            | RiskCommand::UnlinkOutcome(_) => None,
        })
    }

    fn evolve(&mut self, event: RiskEvent) {
        match event {
            RiskEvent::Defined(_) => {}
            RiskEvent::Edited(edited) => {
                self.version = edited.version;
                self.body = edited.body;
            }
            RiskEvent::ControlLinked(linked) => {
                self.version = linked.version;
                self.body.control_ids.insert(linked.control_id);
            }
            RiskEvent::ControlUnlinked(unlinked) => {
                self.version = unlinked.version;
                self.body.control_ids.remove(&unlinked.control_id);
            }
            RiskEvent::OutcomeLinked(linked) => {
                self.version = linked.version;
                self.body.outcome_ids.insert(linked.outcome_id);
            }
            RiskEvent::OutcomeUnlinked(unlinked) => {
                self.version = unlinked.version;
                self.body.outcome_ids.remove(&unlinked.outcome_id);
            }
            RiskEvent::Archived(_) => self.archived = true,
        }
    }
}

aggregate!(Risk, "risk", RiskCommand, RiskEvent);

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use ulid::Ulid;

    use super::{Risk, RiskCommand};
    use crate::risk::{RiskBody, RiskEvent, RiskStatus, Score};
    use crate::{Actor, ControlId, EventSet, Moment, OutcomeId, Rejection, RiskId};

    fn moment() -> Moment {
        Moment::new(DateTime::UNIX_EPOCH, Actor::Runner)
    }

    fn body(more: &str) -> Box<RiskBody> {
        let text = format!(r#"{{"name":"Ransomware","likelihood":4,"impact":5{more}}}"#);
        Box::new(serde_json::from_str(&text).unwrap())
    }

    fn given(commands: Vec<RiskCommand>) -> Risk {
        let mut risk = Risk::default();
        let define = RiskCommand::Define { id: RiskId::default(), body: body("") };
        for command in std::iter::once(define).chain(commands) {
            for event in risk.decide(command, &moment()).unwrap() {
                let stored = event.payload().unwrap();
                let read = RiskEvent::decode(event.wire_type(), event.wire_version(), &stored).unwrap();
                assert_eq!(read, event, "{stored}");
                risk.evolve(read);
            }
        }
        risk
    }

    #[test]
    fn a_risk_is_open_until_somebody_says_otherwise() {
        let risk = given(Vec::new());
        assert_eq!(risk.in_use().map(|state| state.body.status), Some(RiskStatus::Open));
        let accepted = given(vec![RiskCommand::Edit { body: body(r#","status":"accepted""#) }]);
        let state = accepted.in_use().unwrap();
        assert_eq!((state.version, state.body.status), (2, RiskStatus::Accepted));
    }

    #[test]
    fn likelihood_and_impact_are_whole_numbers_from_one_to_five() {
        assert_eq!(Score::try_new(5).map(Score::get), Ok(5));
        for wrong in ["0", "6", "-1", "300", "2.5", "\"3\"", "null"] {
            let text = format!(r#"{{"name":"x","likelihood":{wrong},"impact":1}}"#);
            assert!(serde_json::from_str::<RiskBody>(&text).is_err(), "{wrong}");
        }
    }

    #[test]
    fn links_are_made_and_undone_once() {
        let (control, outcome) = (ControlId::new(Ulid(2)), OutcomeId::new(Ulid(3)));
        let linked = given(vec![
            RiskCommand::LinkControl(control),
            RiskCommand::LinkControl(control),
            RiskCommand::LinkOutcome(outcome),
        ]);
        let state = linked.in_use().unwrap();
        assert_eq!(state.version, 3, "an edit from before a link would undo it");
        assert!(state.body.control_ids.contains(&control) && state.body.outcome_ids.contains(&outcome));
        let undone = given(vec![
            RiskCommand::LinkControl(control),
            RiskCommand::UnlinkControl(control),
            RiskCommand::UnlinkControl(control),
            RiskCommand::UnlinkOutcome(outcome),
        ]);
        assert_eq!(undone.in_use().unwrap().version, 3);
        assert!(undone.in_use().unwrap().body.control_ids.is_empty());
    }

    #[test]
    fn a_risk_has_a_bounded_number_of_links() {
        let links = (1..=50).map(|n| RiskCommand::LinkOutcome(OutcomeId::new(Ulid(n)))).collect();
        let refused = given(links).decide(RiskCommand::LinkOutcome(OutcomeId::new(Ulid(51))), &moment());
        assert!(matches!(refused, Err(Rejection::Invalid { code: "risk.too_many_links", .. })));
    }

    #[test]
    fn a_change_is_made_on_the_version_that_was_seen() {
        let risk = given(vec![RiskCommand::Edit { body: body(r#","status":"accepted""#) }]);
        let stale = Moment { expected_version: Some(1), ..moment() };
        for command in [
            RiskCommand::Edit { body: body("") },
            RiskCommand::LinkControl(ControlId::default()),
            RiskCommand::Archive,
        ] {
            assert_eq!(risk.decide(command, &stale), Err(Rejection::Stale { current: 2 }));
        }
    }

    #[test]
    fn an_archived_risk_is_read_only() {
        let archived = given(vec![RiskCommand::Archive]);
        assert!(archived.in_use().is_none());
        assert_eq!(archived.decide(RiskCommand::Archive, &moment()), Ok(Vec::new()));
        let refused = archived.decide(RiskCommand::Edit { body: body("") }, &moment());
        assert!(matches!(refused, Err(Rejection::Conflict { code: "risk.archived", .. })));
        let unknown = Risk::default().decide(RiskCommand::Archive, &moment());
        assert_eq!(unknown, Err(Rejection::NotFound { noun: "risk" }));
    }
}
