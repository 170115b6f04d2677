//! KRI event definition: an event type that workflow steps may emit, and what it does to KRIs (product.md section 4).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kri::{Change, Operator};
use crate::workflow::{KriRef, Pointer, Problem, TenantFacts};
use crate::{Claim, Description, KriEventDefinitionId, Moment, Quantity, Reason, Rejection, Violation};

/// The name of a KRI event, such as `patch_applied`; unique in its tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventType(String);

/// A text that is no event type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 63 of a-z, 0-9 and underscores, beginning with a letter, such as patch_applied")]
pub struct EventTypeError;

text_schema!(EventType, "pattern": "^[a-z][a-z0-9_]{0,62}$");

impl EventType {
    /// Checks the form.
    pub fn parse(text: &str) -> Result<Self, EventTypeError> {
        let formed = (1..=63).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if formed { Ok(Self(text.to_owned())) } else { Err(EventTypeError) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EventType {
    type Error = EventTypeError;

    fn try_from(text: String) -> Result<Self, EventTypeError> {
        Self::parse(&text)
    }
}

impl From<EventType> for String {
    fn from(event_type: EventType) -> Self {
        event_type.0
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One change to one KRI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Effect {
    /// Which KRI.
    pub kri: KriRef,
    /// What happens.
    pub operator: Operator,
    /// By or to how much.
    pub amount: Quantity,
    /// The value never falls below this.
    #[serde(default)]
    pub floor: Quantity,
}

/// What an event type is: the body of the put command, on the wire as in the event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KriEventBody {
    /// Its name.
    pub event_type: EventType,
    /// What it stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// What it does.
    #[serde(default)]
    pub effects: Vec<Effect>,
    /// Whether it closes the breach that the run began with.
    #[serde(default)]
    pub close_breach: bool,
    /// Why it is put so; goes to the event's metadata.
    #[serde(default, skip_serializing)]
    pub reason: Option<Reason>,
}

impl Effect {
    /// What the KRI is asked to do with its value.
    pub const fn change(&self) -> Change {
        Change { operation: self.operator, amount: self.amount, floor: self.floor }
    }
}

impl KriEventBody {
    /// How many KRIs one event may change.
    pub const EFFECTS: usize = 50;

    /// Rules that hold in every tenant.
    fn check(&self) -> Result<(), Rejection> {
        let mut violations = Vec::new();
        let mut add =
            |pointer: String, detail: &str| violations.push(Violation { pointer, detail: detail.to_owned() });
        if self.effects.is_empty() && !self.close_breach {
            add("/effects".to_owned(), "must have at least one effect, or closeBreach must be true");
        }
        if self.effects.len() > Self::EFFECTS {
            add("/effects".to_owned(), "must have at most 50 effects");
        }
        let mut seen = BTreeSet::new();
        for (index, effect) in self.effects.iter().enumerate() {
            if !seen.insert(&effect.kri) {
                add(format!("/effects/{index}/kri"), "stands here twice; one event changes a KRI once");
            }
            if effect.operator != Operator::Set && effect.amount <= Quantity::ZERO {
                add(
                    format!("/effects/{index}/amount"),
                    "must be more than 0; use the other operator instead",
                );
            }
            if effect.operator == Operator::Set && effect.amount < effect.floor {
                add(format!("/effects/{index}/amount"), "must not be below the floor");
            }
        }
        if violations.is_empty() {
            Ok(())
        } else {
            Err(Rejection::Invalid { code: "kri_event.invalid", violations })
        }
    }

    /// What does not fit the tenant: effects on KRIs that it does not have, or on one KRI by two names.
    pub fn misfits(&self, facts: &TenantFacts) -> Vec<Problem> {
        let (root, mut seen, mut problems) = (Pointer::Root, BTreeSet::new(), Vec::new());
        let list = root.key("effects");
        for (index, effect) in self.effects.iter().enumerate() {
            let item = list.index(index);
            let at = item.key("kri");
            match facts.kri(&effect.kri) {
                None => problems.push(
                    Problem::new(
                        "kri.unknown",
                        &at,
                        format!("there is no KRI {}", effect.kri),
                        "Choose one of the tenant's KRIs, or define it first.",
                    )
                    .allowing(facts.kris.iter().map(|kri| kri.slug.as_str())),
                ),
                Some(kri) if !seen.insert(kri.id) => problems.push(Problem::new(
                    "kri.duplicate",
                    &at,
                    format!("{} is changed twice", kri.slug.as_str()),
                    "Remove one of the two.",
                )),
                Some(_) => {}
            }
        }
        problems
    }
}

/// An event type as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum KriEventDefinition {
    /// No event yet: there is no such event type.
    #[default]
    Absent,
    /// Declared and in use.
    Declared(Declaration),
}

/// A declared event type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Declaration {
    /// Its id.
    pub id: KriEventDefinitionId,
    /// Counts edits from 1; the `ETag`.
    pub version: u64,
    /// What it is.
    pub body: KriEventBody,
}

/// What can be asked of an event type.
#[derive(Debug, Clone)]
pub enum KriEventDefinitionCommand {
    /// Declares it, or replaces what it is.
    Put {
        /// Its id, chosen by the caller.
        id: KriEventDefinitionId,
        /// What it is to be.
        body: KriEventBody,
    },
}

events! {
    /// What happened to an event type.
    pub enum KriEventDefinitionEvent {
        /// It was declared.
        Declared(KriEventDeclared) = "kri_event_definition.declared" v 1,
        /// What it is was replaced.
        Edited(KriEventEdited) = "kri_event_definition.edited" v 1,
    }
}

/// It was declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KriEventDeclared {
    /// Its id.
    pub id: KriEventDefinitionId,
    /// What it is.
    pub definition: KriEventBody,
}

/// What it is was replaced. Its name stays: runs, drafts and far systems know it by that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KriEventEdited {
    /// The version this edit made.
    pub version: u64,
    /// What it is from now on.
    pub definition: KriEventBody,
}

impl KriEventDefinition {
    /// The kind of name that an event type takes.
    pub const NAME: &'static str = "kri_event_type";

    /// The version an edit must name; 0 where there is none.
    pub const fn version(&self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Declared(declaration) => declaration.version,
        }
    }

    fn decide(
        &self,
        KriEventDefinitionCommand::Put { id, mut body }: KriEventDefinitionCommand,
        moment: &Moment,
    ) -> Result<Vec<KriEventDefinitionEvent>, Rejection> {
        body.reason = None;
        match self {
            Self::Absent => {
                moment.must_match(self.version())?;
                body.check()?;
                Ok(vec![KriEventDefinitionEvent::Declared(KriEventDeclared { id, definition: body })])
            }
            Self::Declared(current) => {
                if body == current.body {
                    return Ok(Vec::new());
                }
                moment.must_match(current.version)?;
                if body.event_type != current.body.event_type {
                    return Err(Rejection::conflict(
                        "kri_event.type_fixed",
                        format!(
                            "this event type is called {} for good; put another name under another id",
                            current.body.event_type
                        ),
                    ));
                }
                body.check()?;
                let version = current.version.saturating_add(1);
                Ok(vec![KriEventDefinitionEvent::Edited(KriEventEdited { version, definition: body })])
            }
        }
    }

    fn evolve(&mut self, event: KriEventDefinitionEvent) {
        *self = match (std::mem::take(self), event) {
            (_, KriEventDefinitionEvent::Declared(KriEventDeclared { id, definition })) => {
                Self::Declared(Declaration { id, version: 1, body: definition })
            }
            (
                Self::Declared(current),
                KriEventDefinitionEvent::Edited(KriEventEdited { version, definition }),
            ) => Self::Declared(Declaration { version, body: definition, ..current }),
            (Self::Absent, KriEventDefinitionEvent::Edited(_)) => Self::Absent,
        };
    }
}

aggregate!(
    KriEventDefinition,
    "kri_event_definition",
    KriEventDefinitionCommand,
    KriEventDefinitionEvent,
    |event| match event {
        KriEventDefinitionEvent::Declared(declared) => {
            vec![Claim::take(KriEventDefinition::NAME, declared.definition.event_type.as_str())]
        }
        KriEventDefinitionEvent::Edited(_) => Vec::new(),
    }
);

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::{KriEventBody, KriEventDefinition, KriEventDefinitionCommand, KriEventDefinitionEvent};
    use crate::{Actor, KriEventDefinitionId, Moment, Rejection};

    fn body(value: serde_json::Value) -> KriEventBody {
        serde_json::from_value(value).unwrap()
    }

    fn patched(amount: &str) -> KriEventBody {
        body(json!({"eventType": "patch_applied", "effects": [
            {"kri": "critical_cves_unpatched", "operator": "decrement", "amount": amount}], "closeBreach": true}))
    }

    fn put(
        state: &mut KriEventDefinition,
        body: KriEventBody,
        seen: Option<u64>,
    ) -> Result<Vec<KriEventDefinitionEvent>, Rejection> {
        let mut moment = Moment::new(DateTime::UNIX_EPOCH, Actor::Runner);
        moment.expected_version = seen;
        let events = state
            .decide(KriEventDefinitionCommand::Put { id: KriEventDefinitionId::default(), body }, &moment)?;
        events.iter().cloned().for_each(|event| state.evolve(event));
        Ok(events)
    }

    #[test]
    fn putting_it_again_is_success_and_putting_another_makes_a_version() {
        let mut state = KriEventDefinition::default();
        assert_eq!(put(&mut state, patched("1"), None).unwrap().len(), 1);
        assert_eq!(put(&mut state, patched("1"), Some(1)).unwrap(), Vec::new());
        assert_eq!(put(&mut state, patched("2"), Some(1)).unwrap().len(), 1);
        assert_eq!(put(&mut state, patched("3"), Some(1)), Err(Rejection::Stale { current: 2 }));
        assert!(matches!(&state, KriEventDefinition::Declared(now) if now.version == 2));
    }

    #[test]
    fn the_floor_is_zero_unless_it_is_said() {
        assert_eq!(patched("1").effects[0].floor, crate::Quantity::ZERO);
    }

    #[test]
    fn a_name_is_never_changed() {
        let mut state = KriEventDefinition::default();
        put(&mut state, patched("1"), None).unwrap();
        let other = body(json!({"eventType": "patch_planned", "closeBreach": true}));
        assert!(matches!(
            put(&mut state, other, None),
            Err(Rejection::Conflict { code: "kri_event.type_fixed", .. })
        ));
    }

    #[test]
    fn an_event_type_must_do_something_and_do_it_once() {
        for wrong in [
            json!({"eventType": "nothing"}),
            json!({"eventType": "zero", "effects": [{"kri": "a", "operator": "increment", "amount": 0}]}),
            json!({"eventType": "below", "effects": [{"kri": "a", "operator": "set", "amount": 1, "floor": 2}]}),
            json!({"eventType": "twice", "effects": [
                {"kri": "a", "operator": "increment", "amount": 1}, {"kri": "a", "operator": "set", "amount": 2}]}),
        ] {
            let refused = put(&mut KriEventDefinition::default(), body(wrong.clone()), None);
            assert!(matches!(refused, Err(Rejection::Invalid { code: "kri_event.invalid", .. })), "{wrong}");
        }
    }
}
