//! The rules of the memory: bounded, and nothing said twice.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::memory::{DocumentAdded, DocumentRemoved, FactRemoved, FactSet, MemoryEvent};
use crate::{DocumentId, FactKey, FactValue, Moment, Name, Rejection};

/// A tenant's memory; there is one, under [`InstitutionalMemory::ID`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InstitutionalMemory {
    /// Facts by what they are filed under, with where they come from.
    facts: BTreeMap<FactKey, (FactValue, Name)>,
    /// Documents.
    documents: BTreeSet<DocumentId>,
}

/// A fact to be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFact {
    /// What it is filed under.
    pub key: FactKey,
    /// What it says.
    pub value: FactValue,
    /// Where it comes from.
    pub source: Name,
}

/// What can be asked of the memory.
#[derive(Debug, Clone)]
pub enum MemoryCommand {
    /// Sets facts, or sets them anew.
    SetFacts(Vec<NewFact>),
    /// Removes a fact.
    RemoveFact(FactKey),
    /// Adds a document, whose text is kept already.
    AddDocument(DocumentAdded),
    /// Removes a document.
    RemoveDocument(DocumentId),
}

impl InstitutionalMemory {
    /// The id of the one memory that a tenant has.
    pub const ID: &'static str = "memory";
    /// How many facts are remembered at most (decided).
    pub const FACTS: usize = 1_000;
    /// How many documents are kept at most (decided).
    pub const DOCUMENTS: usize = 500;

    /// Whether a fact is filed under this key.
    pub fn holds(&self, key: &FactKey) -> bool {
        self.facts.contains_key(key)
    }

    fn decide(&self, command: MemoryCommand, _: &Moment) -> Result<Vec<MemoryEvent>, Rejection> {
        match command {
            MemoryCommand::SetFacts(facts) => self.set(facts),
            MemoryCommand::RemoveFact(key) if self.facts.contains_key(&key) => {
                Ok(vec![MemoryEvent::FactRemoved(FactRemoved { key })])
            }
            MemoryCommand::RemoveFact(_) => Err(Rejection::NotFound { noun: "fact" }),
            MemoryCommand::AddDocument(added) => {
                if self.documents.contains(&added.id) {
                    return Ok(Vec::new());
                }
                if self.documents.len() >= Self::DOCUMENTS {
                    let detail = format!(
                        "at most {} documents are kept; remove some that are no longer true",
                        Self::DOCUMENTS
                    );
                    return Err(Rejection::conflict("institutional_memory.full", detail));
                }
                Ok(vec![MemoryEvent::DocumentAdded(added)])
            }
            MemoryCommand::RemoveDocument(id) if self.documents.contains(&id) => {
                Ok(vec![MemoryEvent::DocumentRemoved(DocumentRemoved { id })])
            }
            MemoryCommand::RemoveDocument(_) => Err(Rejection::NotFound { noun: "document" }),
        }
    }

    fn set(&self, facts: Vec<NewFact>) -> Result<Vec<MemoryEvent>, Rejection> {
        let mut keys: BTreeSet<&FactKey> = self.facts.keys().collect();
        keys.extend(facts.iter().map(|fact| &fact.key));
        if keys.len() > Self::FACTS {
            let detail =
                format!("at most {} facts are remembered; remove some that are no longer true", Self::FACTS);
            return Err(Rejection::conflict("institutional_memory.full", detail));
        }
        let mut known: BTreeMap<FactKey, (FactValue, Name)> = BTreeMap::new();
        let mut events = Vec::new();
        for NewFact { key, value, source } in facts {
            let before = known.get(&key).or_else(|| self.facts.get(&key));
            if before.is_some_and(|(known, from)| *known == value && *from == source) {
                continue;
            }
            known.insert(key.clone(), (value.clone(), source.clone()));
            events.push(MemoryEvent::FactSet(FactSet { key, value, source }));
        }
        Ok(events)
    }

    fn evolve(&mut self, event: MemoryEvent) {
        match event {
            MemoryEvent::FactSet(FactSet { key, value, source }) => {
                self.facts.insert(key, (value, source));
            }
            MemoryEvent::FactRemoved(removed) => {
                self.facts.remove(&removed.key);
            }
            MemoryEvent::DocumentAdded(added) => {
                self.documents.insert(added.id);
            }
            MemoryEvent::DocumentRemoved(removed) => {
                self.documents.remove(&removed.id);
            }
        }
    }
}

aggregate!(InstitutionalMemory, "institutional_memory", MemoryCommand, MemoryEvent);

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{InstitutionalMemory, MemoryCommand, NewFact};
    use crate::memory::MemoryEvent;
    use crate::{Actor, FactKey, FactValue, Moment, Name, Rejection};

    fn give(memory: &mut InstitutionalMemory, command: MemoryCommand) -> Result<Vec<MemoryEvent>, Rejection> {
        let events = memory.decide(command, &Moment::new(DateTime::UNIX_EPOCH, Actor::Runner))?;
        events.iter().cloned().for_each(|event| memory.evolve(event));
        Ok(events)
    }

    fn fact(key: &str, value: &str) -> NewFact {
        NewFact {
            key: FactKey::parse(key).unwrap(),
            value: FactValue::parse(value).unwrap(),
            source: Name::parse("the board").unwrap(),
        }
    }

    #[test]
    fn a_fact_that_is_known_already_is_not_said_again() {
        let mut memory = InstitutionalMemory::default();
        let set =
            |value: &str| MemoryCommand::SetFacts(vec![fact("appetite", value), fact("appetite", value)]);
        assert_eq!(give(&mut memory, set("low")).unwrap().len(), 1);
        assert!(give(&mut memory, set("low")).unwrap().is_empty());
        assert_eq!(give(&mut memory, set("high")).unwrap().len(), 1);
    }

    #[test]
    fn what_is_not_there_cannot_be_removed() {
        let mut memory = InstitutionalMemory::default();
        let remove = || MemoryCommand::RemoveFact(FactKey::parse("appetite").unwrap());
        assert!(matches!(give(&mut memory, remove()), Err(Rejection::NotFound { noun: "fact" })));
        give(&mut memory, MemoryCommand::SetFacts(vec![fact("appetite", "low")])).unwrap();
        give(&mut memory, remove()).unwrap();
        assert!(give(&mut memory, remove()).is_err());
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut memory = InstitutionalMemory::default();
        let facts = (0..=InstitutionalMemory::FACTS).map(|n| fact(&format!("fact {n}"), "x")).collect();
        assert!(matches!(
            give(&mut memory, MemoryCommand::SetFacts(facts)),
            Err(Rejection::Conflict { code: "institutional_memory.full", .. })
        ));
    }
}
