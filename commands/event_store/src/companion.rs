//! Companions: an aggregate that begins in the very commit of another's command. The two stand or fall together.

use std::any::Any;
use std::sync::Arc;

use cqrs_es::AggregateError;
use draxis_domain::{EventId, EventSet, Metadata, Rejection, Root, Sequence};

use crate::append::{Decision, NewEvent};
use crate::clock::Ids;

/// An aggregate without events before, and those that it begins with.
pub struct Companion {
    pub(crate) decision: Decision,
    pub(crate) state: Arc<dyn Any + Send + Sync>,
}

/// What begins because of a command's events, which are about to be recorded under these ids; none where nothing does.
pub type Accompany<A> = Box<
    dyn Fn(
            &[<A as cqrs_es::Aggregate>::Event],
            &[EventId],
        ) -> Result<Option<Companion>, AggregateError<Rejection>>
        + Send
        + Sync,
>;

impl Companion {
    /// An aggregate that begins with these events.
    ///
    /// # Errors
    /// Where an event or the metadata has no form as JSON.
    pub fn beginning<A: Root + 'static>(
        ids: &dyn Ids,
        (id, events): (String, Vec<A::Event>),
        metadata: &Metadata,
    ) -> Result<Self, serde_json::Error> {
        let decision = Decision {
            aggregate_type: A::TYPE,
            aggregate_id: id,
            expected: Sequence::START,
            claims: events.iter().flat_map(A::claims).collect(),
            metadata: serde_json::to_string(metadata)?,
            events: numbered(ids, &events)?,
        };
        let mut state = A::default();
        for event in events {
            state.apply(event);
        }
        Ok(Self { decision, state: Arc::new(state) })
    }

    /// The aggregate as it stands once that has been recorded.
    pub fn state<A: Root + 'static>(&self) -> Option<&A> {
        self.state.downcast_ref()
    }
}

/// Events under ids of their own, as they will be recorded.
pub(crate) fn numbered<E: EventSet>(ids: &dyn Ids, events: &[E]) -> Result<Vec<NewEvent>, serde_json::Error> {
    let new = events.iter().map(|event| {
        Ok(NewEvent {
            event_id: EventId::new(ids.next()),
            event_type: event.wire_type(),
            version: event.wire_version(),
            payload: event.payload()?,
        })
    });
    new.collect()
}
