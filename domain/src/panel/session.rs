//! A session: questions with their answers, until it is frozen.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::panel::{
    Answered, AskedAgain, CalledExpert, ExpertsCalled, KeptFact, PanelEnded, PanelOpened,
    PanelSessionCommand, PanelSessionEvent, Reply,
};
use crate::{Moment, Position, Question, Rejection};

/// A session as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum PanelSession {
    /// No event yet: there is no such session.
    #[default]
    Absent,
    /// It goes on.
    Open(Box<SessionState>),
    /// Frozen.
    Ended(Box<SessionState>),
}

/// A session that has begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionState {
    /// How it began.
    pub opened: PanelOpened,
    /// How many questions there were.
    pub turns: u32,
    /// The position of the data that the last one was answered from.
    pub position: Position,
    /// The time that it was seen from.
    pub at: DateTime<Utc>,
    /// The questions so far, the first one first.
    pub questions: Vec<Question>,
    /// Who was called for the last one.
    pub experts: Vec<CalledExpert>,
    /// The last answer.
    pub last: Option<Answered>,
    /// What was kept, once it is frozen.
    pub kept: Vec<KeptFact>,
}

impl PanelSession {
    /// How many questions a session may have (decided): what goes on for longer is another matter.
    pub const TURNS: u32 = 100;

    /// How much can be kept of one session (decided).
    pub const KEPT: usize = 50;

    /// What has become of it, where it has begun.
    pub fn state(&self) -> Option<&SessionState> {
        match self {
            Self::Absent => None,
            Self::Open(state) | Self::Ended(state) => Some(state),
        }
    }

    fn decide(&self, command: PanelSessionCommand, _: &Moment) -> Result<Vec<PanelSessionEvent>, Rejection> {
        match (self, command) {
            (_, PanelSessionCommand::Ask { id, question, position, at, asker, first: true, reply }) => {
                match self.state() {
                    None => {
                        let opened = PanelOpened { id, question, position, at, asker };
                        Ok(with_answer(PanelSessionEvent::Opened(opened), 1, *reply))
                    }
                    // A workflow's step that asks a second time: it has been answered.
                    Some(state) if state.opened.question == question => Ok(Vec::new()),
                    Some(_) => Err(Rejection::conflict(
                        "panel_session.exists",
                        "this session has begun with another question; put the question to it as a message",
                    )),
                }
            }
            (Self::Absent, _) => Err(Rejection::NotFound { noun: "panel session" }),
            (Self::Ended(_), PanelSessionCommand::Ask { .. }) => Err(frozen()),
            (Self::Open(state), PanelSessionCommand::Ask { question, position, at, reply, .. }) => {
                if state.turns >= Self::TURNS {
                    let detail =
                        format!("a session has at most {} questions; end it and open another", Self::TURNS);
                    return Err(Rejection::conflict("panel_session.full", detail));
                }
                let turn = state.turns.saturating_add(1);
                let asked = AskedAgain { turn, text: question, position, at };
                Ok(with_answer(PanelSessionEvent::AskedAgain(asked), turn, *reply))
            }
            (Self::Ended(state), PanelSessionCommand::End { kept }) => {
                if kept.is_empty() || kept == state.kept { Ok(Vec::new()) } else { Err(frozen()) }
            }
            (Self::Open(_), PanelSessionCommand::End { kept }) => {
                if kept.len() > Self::KEPT {
                    let detail = format!("must be at most {} things", Self::KEPT);
                    return Err(Rejection::invalid("panel_session.kept", "/keep", detail));
                }
                Ok(vec![PanelSessionEvent::Ended(PanelEnded { kept })])
            }
        }
    }

    fn evolve(&mut self, event: PanelSessionEvent) {
        match (std::mem::take(self), event) {
            (_, PanelSessionEvent::Opened(opened)) => {
                *self = Self::Open(Box::new(SessionState {
                    questions: vec![opened.question.clone()],
                    position: opened.position,
                    at: opened.at,
                    opened,
                    turns: 1,
                    experts: Vec::new(),
                    last: None,
                    kept: Vec::new(),
                }));
            }
            (Self::Absent, _) => {}
            (Self::Open(mut state) | Self::Ended(mut state), PanelSessionEvent::Ended(ended)) => {
                state.kept = ended.kept;
                *self = Self::Ended(state);
            }
            (Self::Open(mut state), event) => {
                state.go_on(event);
                *self = Self::Open(state);
            }
            (ended @ Self::Ended(_), _) => *self = ended,
        }
    }
}

impl SessionState {
    fn go_on(&mut self, event: PanelSessionEvent) {
        match event {
            PanelSessionEvent::AskedAgain(asked) => {
                self.turns = asked.turn;
                self.position = asked.position;
                self.at = asked.at;
                self.questions.push(asked.text);
                self.experts.clear();
            }
            PanelSessionEvent::ExpertsCalled(called) => self.experts = called.experts,
            PanelSessionEvent::Answered(answered) => self.last = Some(answered),
            PanelSessionEvent::Opened(_) | PanelSessionEvent::Ended(_) => {}
        }
    }
}

fn frozen() -> Rejection {
    Rejection::conflict("panel_session.ended", "this session has ended and stays as it is; open another one")
}

fn with_answer(asked: PanelSessionEvent, turn: u32, reply: Reply) -> Vec<PanelSessionEvent> {
    let Reply { experts, answer, rationale, citations, struck, by, fallback, worth_keeping, usage } = reply;
    let mut events = vec![asked];
    if !experts.is_empty() {
        events.push(PanelSessionEvent::ExpertsCalled(ExpertsCalled { turn, experts }));
    }
    events.push(PanelSessionEvent::Answered(Answered {
        turn,
        answer,
        rationale,
        citations,
        struck,
        by,
        fallback,
        worth_keeping,
        usage,
    }));
    events
}

aggregate!(PanelSession, "panel_session", PanelSessionCommand, PanelSessionEvent);

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::PanelSession;
    use crate::panel::{
        AnsweredBy, CalledExpert, Expert, KeptFact, PanelSessionCommand, PanelSessionEvent, Reply, Usage,
    };
    use crate::{Actor, EventSet, FactKey, FactValue, Moment, PanelSessionId, Position, Question, Rejection};

    fn give(
        session: &mut PanelSession,
        command: PanelSessionCommand,
    ) -> Result<Vec<&'static str>, Rejection> {
        let events = session.decide(command, &Moment::new(DateTime::UNIX_EPOCH, Actor::Runner))?;
        events.iter().cloned().for_each(|event| session.evolve(event));
        Ok(events.iter().map(PanelSessionEvent::wire_type).collect())
    }

    #[expect(clippy::fn_params_excessive_bools, reason = "one question, with yes or no")]
    fn ask(text: &str, first: bool) -> PanelSessionCommand {
        PanelSessionCommand::Ask {
            id: PanelSessionId::default(),
            question: Question::parse(text).unwrap(),
            position: Position::new(7),
            at: DateTime::UNIX_EPOCH,
            asker: None,
            first,
            reply: Box::new(Reply {
                experts: vec![CalledExpert { name: Expert::Privacy, why: "asked for".to_owned() }],
                answer: "All is green.".to_owned(),
                rationale: String::new(),
                citations: Vec::new(),
                struck: Vec::new(),
                by: AnsweredBy::Rules,
                fallback: None,
                worth_keeping: Vec::new(),
                usage: Usage::default(),
            }),
        }
    }

    fn end(kept: &[&str]) -> PanelSessionCommand {
        let fact = |key: &&str| KeptFact {
            key: FactKey::parse(key).unwrap(),
            value: FactValue::parse("so").unwrap(),
        };
        PanelSessionCommand::End { kept: kept.iter().map(fact).collect() }
    }

    #[test]
    fn a_question_is_recorded_with_who_was_called_and_the_answer() {
        let mut session = PanelSession::default();
        assert_eq!(
            give(&mut session, ask("How are we?", true)).unwrap(),
            ["panel_session.opened", "panel_session.experts_called", "panel_session.answered"]
        );
        assert_eq!(
            give(&mut session, ask("And now?", false)).unwrap(),
            ["panel_session.asked_again", "panel_session.experts_called", "panel_session.answered"]
        );
        assert_eq!(session.state().unwrap().last.as_ref().unwrap().turn, 2);
    }

    #[test]
    fn a_step_that_asks_twice_is_answered_once() {
        let mut session = PanelSession::default();
        give(&mut session, ask("How are we?", true)).unwrap();
        assert!(give(&mut session, ask("How are we?", true)).unwrap().is_empty());
        assert!(matches!(
            give(&mut session, ask("Something else?", true)),
            Err(Rejection::Conflict { code: "panel_session.exists", .. })
        ));
    }

    #[test]
    fn a_session_that_never_was_cannot_be_gone_on_with() {
        let mut session = PanelSession::default();
        for command in [ask("And now?", false), end(&[])] {
            assert!(matches!(give(&mut session, command), Err(Rejection::NotFound { .. })));
        }
    }

    #[test]
    fn what_has_ended_stays_as_it_is() {
        let mut session = PanelSession::default();
        give(&mut session, ask("How are we?", true)).unwrap();
        assert_eq!(give(&mut session, end(&["state"])).unwrap(), ["panel_session.ended"]);
        assert!(give(&mut session, end(&["state"])).unwrap().is_empty(), "asking twice is no error");
        for command in [ask("And now?", false), end(&["something else"])] {
            assert!(matches!(
                give(&mut session, command),
                Err(Rejection::Conflict { code: "panel_session.ended", .. })
            ));
        }
    }

    #[test]
    fn a_session_does_not_go_on_for_ever() {
        let mut session = PanelSession::default();
        give(&mut session, ask("How are we?", true)).unwrap();
        for _ in 1..PanelSession::TURNS {
            give(&mut session, ask("And now?", false)).unwrap();
        }
        assert!(matches!(
            give(&mut session, ask("And now?", false)),
            Err(Rejection::Conflict { code: "panel_session.full", .. })
        ));
    }
}
