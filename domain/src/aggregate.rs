//! What every aggregate of the house is: a state, a rule that decides and a step that evolves, under cqrs-es's names.

use crate::{Claim, EventSet, Moment, Rejection};

/// An aggregate whose rules are plain functions: [`Root::decide`] of state, command and moment, `apply` of state and event.
pub trait Root:
    cqrs_es::Aggregate<Error = Rejection, Services = Moment, Command: Send, Event: EventSet> + Clone
{
    /// What the command makes of the state: the events to append (none where it already holds), or why not.
    fn decide(&self, command: Self::Command, moment: &Moment) -> Result<Vec<Self::Event>, Rejection>;

    /// The names the event takes or gives back within its stream; the store holds them unique in the same transaction.
    fn claims(event: &Self::Event) -> Vec<Claim>;
}

/// Joins a state's own `decide`, `evolve` and (where named) `claims` to cqrs-es's traits.
macro_rules! aggregate {
    ($name:ident, $wire:literal, $command:ty, $event:ty) => {
        aggregate!($name, $wire, $command, $event, |_| Vec::new());
    };
    ($name:ident, $wire:literal, $command:ty, $event:ty, $claims:expr) => {
        impl cqrs_es::Aggregate for $name {
            const TYPE: &'static str = $wire;
            type Command = $command;
            type Event = $event;
            type Error = $crate::Rejection;
            type Services = $crate::Moment;

            async fn handle(
                &mut self,
                command: Self::Command,
                moment: &$crate::Moment,
                sink: &cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), $crate::Rejection> {
                for event in self.decide(command, moment)? {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                self.evolve(event);
            }
        }

        impl $crate::Root for $name {
            fn decide(
                &self,
                command: Self::Command,
                moment: &$crate::Moment,
            ) -> Result<Vec<Self::Event>, $crate::Rejection> {
                Self::decide(self, command, moment)
            }

            fn claims(event: &Self::Event) -> Vec<$crate::Claim> {
                let claims: fn(&$event) -> Vec<$crate::Claim> = $claims;
                claims(event)
            }
        }
    };
}
