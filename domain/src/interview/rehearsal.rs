//! Rehearsal: conversations that are written down, played with an interviewer of any kind and scored by code. For tests; nothing
//! here reads a file or asks anybody.

mod case;
mod score;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::account::Role;
use crate::interview::{
    Basis, Hearing, Interview, InterviewCommand, InterviewEvent, InterviewState, Scene, Turn, TurnUnderWay,
};
use crate::kri_event_definition::EventType;
use crate::relay::Channel;
use crate::workflow::{KriFact, TenantFacts};
use crate::{AccountId, Actor, InterviewId, KriId, KriSlug, Moment, Rejection, Root};

pub use case::{Call, Case, Ends, Injection};

/// A tenant as it is written down; whoever comes first in it speaks.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    kris: Vec<Named>,
    accounts: Vec<Person>,
    relays: BTreeSet<Channel>,
    kri_events: BTreeMap<EventType, BTreeSet<KriId>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Named {
    id: KriId,
    slug: KriSlug,
    name: String,
    owner: Option<AccountId>,
}

#[derive(Debug, Clone, Deserialize)]
struct Person {
    id: AccountId,
    name: String,
    roles: BTreeSet<Role>,
}

impl Tenant {
    /// The tenant as an interviewer sees it.
    pub fn scene(self) -> Scene {
        let fact = |kri: &Named| KriFact { id: kri.id, slug: kri.slug.clone(), owner: kri.owner };
        Scene {
            tenant: TenantFacts {
                kris: self.kris.iter().map(fact).collect(),
                relays: self.relays,
                accounts: self.accounts.iter().map(|person| (person.id, person.roles.clone())).collect(),
                kri_events: self.kri_events,
            },
            speaker: self.accounts.first().map(|person| person.id),
            kri_names: self.kris.into_iter().map(|kri| (kri.id, kri.name)).collect(),
            people: self.accounts.into_iter().map(|person| (person.id, person.name)).collect(),
        }
    }
}

/// A conversation under way, through the aggregate.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// The tenant.
    pub scene: Scene,
    /// The interview.
    pub interview: Interview,
    /// What has happened in it.
    pub events: Vec<InterviewEvent>,
    /// What the interviewer has said, as the person sees it.
    pub replies: Vec<String>,
}

impl Rehearsal {
    /// One in which nothing has been said.
    pub const fn new(scene: Scene) -> Self {
        Self { scene, interview: Interview::Absent, events: Vec::new(), replies: Vec::new() }
    }

    /// The interview's state.
    pub fn state(&self) -> InterviewState {
        self.interview.state().cloned().unwrap_or_else(|| InterviewState::new(InterviewId::default()))
    }

    /// Says something that an interviewer who thinks at once makes a turn of.
    pub fn say(&mut self, text: &str, think: impl Fn(TurnUnderWay<'_>) -> Turn) -> Result<(), Rejection> {
        let state = self.state();
        let hearing = state.hear(text)?;
        let turn = think(TurnUnderWay::new(&state, &hearing, &self.scene));
        self.take(hearing, turn)
    }

    /// Begins from a workflow, with an interviewer who thinks at once.
    pub fn begin_from(
        &mut self,
        basis: Basis,
        text: &str,
        think: impl Fn(TurnUnderWay<'_>) -> Turn,
    ) -> Result<(), Rejection> {
        let state = InterviewState::beginning(InterviewId::default(), Some(&basis));
        let hearing = state.hear(text)?;
        let turn = think(TurnUnderWay::new(&state, &hearing, &self.scene));
        self.replies.push(self.scene.shown(&turn.reply));
        let spoken = Box::new(hearing.spoken(turn, self.scene.clone()));
        self.give(InterviewCommand::Start { id: state.id, basis: Some(Box::new(basis)), spoken })
    }

    /// Takes what was heard with the turn that was made of it.
    pub fn take(&mut self, hearing: Hearing, turn: Turn) -> Result<(), Rejection> {
        self.replies.push(self.scene.shown(&turn.reply));
        let first = hearing.is_first();
        let spoken = Box::new(hearing.spoken(turn, self.scene.clone()));
        self.give(if first {
            InterviewCommand::Start { id: InterviewId::default(), basis: None, spoken }
        } else {
            InterviewCommand::Speak(spoken)
        })
    }

    /// Gives a command.
    pub fn give(&mut self, command: InterviewCommand) -> Result<(), Rejection> {
        let moment = Moment::new(chrono::DateTime::UNIX_EPOCH, Actor::Public);
        for event in Root::decide(&self.interview, command, &moment)? {
            self.interview = std::mem::take(&mut self.interview).told(&event);
            self.events.push(event);
        }
        Ok(())
    }

    /// What the person says next: the answer to what is asked, as long as there is one.
    pub fn answer(&self, case: &mut Case) -> Option<String> {
        let asked = self.interview.state()?.asked.as_ref()?;
        case.answers.remove(&asked.topic)
    }
}
