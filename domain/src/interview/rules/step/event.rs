//! KRI events: one of those that the tenant has declared.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::desk::Desk;
use crate::interview::rules::kri::nearly;
use crate::interview::rules::word::Word;
use crate::interview::{EventPatch, Place, Question, Scene, StepPatch, Topic};
use crate::kri_event_definition::EventType;

/// The declared event that the words mean: by its name, with spaces or underscores.
pub(in crate::interview::rules) fn meant(words: &[Word], scene: &Scene) -> Option<EventType> {
    let lows: Vec<String> = words.iter().map(|word| word.low.replace(['-', ' '], "_")).collect();
    let joined = lows.join("_");
    let exact = scene
        .tenant
        .kri_events
        .keys()
        .find(|event| lows.iter().any(|low| low == event.as_str()) || joined.contains(event.as_str()));
    exact.cloned()
}

/// The declared event that a clause names in so many words.
pub(super) fn declared_in(clause: &Clause, desk: &Desk<'_>) -> Option<EventType> {
    desk.scene()
        .tenant
        .kri_events
        .keys()
        .find(|event| clause.0.iter().any(|word| word.low == event.as_str()))
        .cloned()
}

pub(super) fn read(clause: &Clause, desk: &mut Desk<'_>, place: Option<Place>) {
    let event_type = meant(&clause.0, desk.scene());
    let open =
        desk.one_of("emit_kri_event").filter(|step| !step.settled("eventType")).map(|step| step.id.clone());
    let patch = StepPatch::EmitKriEvent(EventPatch { event_type: event_type.clone(), note: None });
    let step = match open {
        Some(id) => {
            desk.change(&id, patch);
            Some(id)
        }
        None => desk.add(patch, place),
    };
    match (event_type, step) {
        (Some(event), _) => desk.did(format!("It emits {event}.")),
        (None, Some(step)) => {
            desk.did("It emits a KRI event.");
            if let Some(heard) = named(clause) {
                let candidates = desk
                    .scene()
                    .tenant
                    .kri_events
                    .keys()
                    .filter(|event| nearly(event.as_str(), &heard))
                    .map(ToString::to_string)
                    .collect();
                desk.unsettled(Question {
                    topic: Topic::KriEvent,
                    step: Some(step),
                    heard: Some(heard),
                    candidates,
                });
            }
        }
        (None, None) => {}
    }
}

/// What was named behind the verb.
fn named(clause: &Clause) -> Option<String> {
    let at = clause.find(&["emit", "fire", "record", "event"])?;
    let filler = |low: &str| matches!(low, "the" | "a" | "an" | "kri" | "event" | "called" | "named");
    let named: Vec<&str> = clause
        .after(at.saturating_add(1))
        .iter()
        .map(|word| word.low.as_str())
        .filter(|low| !filler(low))
        .take(3)
        .collect();
    (!named.is_empty()).then(|| named.join("_"))
}
