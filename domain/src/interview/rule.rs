//! The rule of an interview: what each command makes of each state.

mod confirm;

use serde::{Deserialize, Serialize};

use crate::interview::hearing::heard;
use crate::interview::need::needs;
use crate::interview::{
    Basis, Draft, DraftChanged, DraftTool, InterviewAbandoned, InterviewCommand, InterviewConfirmed,
    InterviewEvent, InterviewStarted, InterviewerSaid, Led, PersonSaid, Question, Scene, Spoken,
    SummaryShown, digest,
};
use crate::workflow::validate;
use crate::{InterviewId, Moment, Rejection, Utterance, WorkflowId};

/// An interview as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Interview {
    /// No event yet: there is no such interview.
    #[default]
    Absent,
    /// It has begun.
    Begun(Box<InterviewState>),
}

/// An interview that has begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InterviewState {
    /// Its id.
    pub id: InterviewId,
    /// The workflow that it is to change, with the version it began from.
    pub editing: Option<(WorkflowId, u64)>,
    /// Where it stands.
    pub standing: InterviewStanding,
    /// What is known.
    pub draft: Draft,
    /// What both sides have said, counted.
    pub turns: u32,
    /// What the person has said in their own words, all of it.
    pub heard: String,
    /// What the interviewer said last.
    pub reply: String,
    /// Who led that turn.
    #[serde(default)]
    pub led: Led,
    /// What was asked last.
    pub asked: Option<Question>,
    /// What was confirmed.
    pub confirmed: Option<InterviewConfirmed>,
}

/// Where an interview stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum InterviewStanding {
    /// Both sides may speak.
    Open,
    /// It became a workflow; read-only.
    Confirmed,
    /// It was given up; read-only.
    Abandoned,
}

impl Interview {
    /// The state, where the interview exists.
    pub fn state(&self) -> Option<&InterviewState> {
        match self {
            Self::Absent => None,
            Self::Begun(state) => Some(state),
        }
    }

    /// The interview once this has happened too.
    #[must_use]
    pub fn told(mut self, event: &InterviewEvent) -> Self {
        self.evolve(event.clone());
        self
    }

    fn decide(&self, command: InterviewCommand, _: &Moment) -> Result<Vec<InterviewEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, InterviewCommand::Start { id, basis, spoken }) => {
                let mut state = InterviewState::new(id);
                let started = InterviewEvent::Started(InterviewStarted { id, basis });
                state.evolve(started.clone());
                let spoken = state.speak(*spoken)?;
                Ok(std::iter::once(started).chain(spoken).collect())
            }
            (Self::Begun(_), InterviewCommand::Start { .. }) => Ok(Vec::new()),
            (Self::Absent, _) => Err(Rejection::NotFound { noun: "interview" }),
            (Self::Begun(state), InterviewCommand::Speak(spoken)) => {
                state.must_be_open()?;
                state.speak(*spoken)
            }
            (Self::Begun(state), InterviewCommand::Confirm { digest, name, workflow_id, scene }) => {
                state.confirm((digest, name), workflow_id, &scene)
            }
            (Self::Begun(state), InterviewCommand::Abandon) => match state.standing {
                InterviewStanding::Abandoned => Ok(Vec::new()),
                InterviewStanding::Open => Ok(vec![InterviewEvent::Abandoned(InterviewAbandoned {})]),
                InterviewStanding::Confirmed => {
                    state.must_be_open()?;
                    Ok(Vec::new())
                }
            },
        }
    }

    fn evolve(&mut self, event: InterviewEvent) {
        match (self, event) {
            (this @ Self::Absent, InterviewEvent::Started(started)) => {
                let mut state = InterviewState::new(started.id);
                state.evolve(InterviewEvent::Started(started));
                *this = Self::Begun(Box::new(state));
            }
            (Self::Begun(state), event) => state.evolve(event),
            (Self::Absent, _) => {}
        }
    }
}

aggregate!(Interview, "interview", InterviewCommand, InterviewEvent);

impl InterviewState {
    /// How long an interview may become (decided): a conversation, not a log.
    pub const TURNS: u32 = 400;

    /// One in which nothing has been said.
    pub fn new(id: InterviewId) -> Self {
        Self {
            id,
            editing: None,
            standing: InterviewStanding::Open,
            draft: Draft::default(),
            turns: 0,
            heard: String::new(),
            reply: String::new(),
            led: Led::default(),
            asked: None,
            confirmed: None,
        }
    }

    /// One that is about to begin, maybe from a workflow that there is.
    pub fn beginning(id: InterviewId, basis: Option<&Basis>) -> Self {
        let mut state = Self::new(id);
        let basis = basis.cloned().map(Box::new);
        state.evolve(InterviewEvent::Started(InterviewStarted { id, basis }));
        state
    }

    /// Whether anybody may speak in it.
    pub fn must_be_open(&self) -> Result<(), Rejection> {
        match self.standing {
            InterviewStanding::Open => Ok(()),
            InterviewStanding::Confirmed => Err(Rejection::conflict(
                "interview.confirmed",
                "the interview has become a workflow and is read-only; start another one to change the workflow",
            )),
            InterviewStanding::Abandoned => Err(Rejection::conflict(
                "interview.abandoned",
                "the interview was given up and is read-only; start another one",
            )),
        }
    }

    fn speak(&self, spoken: Spoken) -> Result<Vec<InterviewEvent>, Rejection> {
        let Spoken { after, text, removed, turn, scene } = spoken;
        if after != self.turns {
            return Err(Rejection::conflict(
                "interview.moved_on",
                "something else was said in the meantime; read the interview and say it again",
            ));
        }
        if self.turns >= Self::TURNS {
            return Err(Rejection::conflict(
                "interview.too_long",
                "this interview is as long as one may be; confirm it, or start another one",
            ));
        }
        let heard_in = self.turns.saturating_add(1);
        let said_in = heard_in.saturating_add(1);
        let heard = heard(&self.heard, text.as_str());
        let mut draft = self.draft.clone();
        let mut events = vec![InterviewEvent::PersonSaid(PersonSaid { turn: heard_in, text, removed })];
        for change in turn.changes {
            let change = admitted(&draft, change, (&scene, &heard))?;
            draft.put(&change, heard_in);
            events.push(InterviewEvent::DraftChanged(DraftChanged {
                turn: heard_in,
                change: Box::new(change),
            }));
        }
        let reply = Utterance::parse(&turn.reply.chars().take(8000).collect::<String>())
            .map_err(|error| Rejection::invalid("interview.reply", "", error.to_string()))?;
        let (asked, led) = (turn.asked, turn.led);
        let said = InterviewerSaid { turn: said_in, text: reply, asked, led };
        events.push(InterviewEvent::InterviewerSaid(said));
        let whole = draft.assembled().value;
        if needs(&draft).is_empty() && validate(&whole, &scene.tenant).is_ok() {
            let digest = digest(&whole);
            events.push(InterviewEvent::SummaryShown(SummaryShown { turn: said_in, digest }));
        }
        Ok(events)
    }

    fn evolve(&mut self, event: InterviewEvent) {
        match event {
            InterviewEvent::Started(started) => {
                if let Some(basis) = started.basis {
                    self.editing = Some((basis.workflow_id, basis.version));
                    self.draft = Draft::of(&basis.definition, basis.version);
                }
            }
            InterviewEvent::PersonSaid(said) => {
                self.turns = said.turn;
                self.heard = heard(&self.heard, said.text.as_str());
            }
            InterviewEvent::InterviewerSaid(said) => {
                self.turns = said.turn;
                self.reply = said.text.into();
                self.led = said.led;
                self.asked = said.asked;
            }
            InterviewEvent::DraftChanged(changed) => self.draft.put(&changed.change, changed.turn),
            InterviewEvent::SummaryShown(_) => {}
            InterviewEvent::Confirmed(confirmed) => {
                self.turns = confirmed.turn;
                self.standing = InterviewStanding::Confirmed;
                self.confirmed = Some(confirmed);
                // All that it was needed for is over.
                self.heard = String::new();
            }
            InterviewEvent::Abandoned(_) => self.standing = InterviewStanding::Abandoned,
        }
    }
}

/// The change, if it still holds against what there is in the tenant.
fn admitted(
    draft: &Draft,
    change: DraftTool,
    (scene, heard): (&Scene, &str),
) -> Result<DraftTool, Rejection> {
    let admitted = draft.admit(change, scene).and_then(|change| draft.said(&change, heard).map(|()| change));
    admitted.map_err(|refusal| {
        let detail = format!("the draft cannot be changed so: {refusal}");
        Rejection::conflict("interview.change_refused", detail)
    })
}

#[cfg(test)]
mod tests;
