//! What changed between two points: by thing, with the events that did it, and by whoever did it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use draxis_domain::{Actor, EventId, Metadata, PlatformEvent, Position, Recorded, TenantEvent, TenantId};
use draxis_event_store::StoredEvent;
use json_patch::Patch;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::words::in_words;
use super::{Going, Past, WatchedLog};
use crate::ReadModels;
use crate::error::ReadError;

/// So many of the events that changed a thing are named, the newest.
const NAMED: usize = 20;

/// What changed between two points.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StreamDifference {
    /// The state after this position…
    pub from: Position,
    /// …against the state after this one.
    pub to: Position,
    /// Every thing that an event between them touched, in the order of their names.
    pub things: Vec<ThingChange>,
    /// Everybody who did something between them, changes or not.
    pub actors: Vec<ActorChanges>,
}

/// What became of one thing.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ThingChange {
    /// The thing, such as `kri/01J…`.
    pub thing: String,
    /// In words; none where it changed and changed back.
    pub words: Vec<String>,
    /// As a patch (RFC 6902) of the one state into the other.
    #[schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>")]
    pub patch: Patch,
    /// How many events touched it.
    pub events: u64,
    /// The newest of them.
    pub causes: Vec<Cause>,
}

/// An event that touched a thing.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// Its place.
    pub position: Position,
    /// Its id.
    pub event_id: EventId,
    /// Its wire name.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// Who, why and because of what.
    #[serde(flatten)]
    pub origin: Metadata,
}

/// What one actor did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActorChanges {
    /// Who.
    pub actor: Actor,
    /// How many events.
    pub events: u64,
    /// The things they touched.
    pub things: BTreeSet<String>,
}

/// A thing as it was before it was first touched, and what touched it.
struct Touched {
    before: Option<Value>,
    events: u64,
    causes: Vec<Cause>,
}

/// What is gathered on the way.
#[derive(Default)]
struct Gathered {
    things: BTreeMap<String, Touched>,
    actors: BTreeMap<Actor, ActorChanges>,
}

impl Gathered {
    fn take<E>(&mut self, touched: Vec<(String, Option<Value>)>, stored: &StoredEvent, told: &Recorded<E>) {
        let actor = told.metadata.actor;
        let by = self.actors.entry(actor).or_insert_with(|| ActorChanges {
            actor,
            events: 0,
            things: BTreeSet::new(),
        });
        by.events = by.events.saturating_add(1);
        for (thing, before) in touched {
            by.things.insert(thing.clone());
            let new = Touched { before, events: 0, causes: Vec::new() };
            let thing = self.things.entry(thing).or_insert(new);
            thing.events = thing.events.saturating_add(1);
            if thing.causes.len() == NAMED {
                thing.causes.remove(0);
            }
            thing.causes.push(Cause {
                position: told.position,
                event_id: told.event_id,
                event_type: stored.event_type.clone(),
                recorded_at: told.recorded_at,
                origin: told.metadata.clone(),
            });
        }
    }
}

impl ReadModels {
    /// What changed after one position up to another.
    pub async fn difference(
        &self,
        tenant: TenantId,
        from: Position,
        to: Position,
    ) -> Result<StreamDifference, ReadError> {
        if tenant == TenantId::PLATFORM {
            self.difference_of::<PlatformEvent>(tenant, from, to).await
        } else {
            self.difference_of::<TenantEvent>(tenant, from, to).await
        }
    }

    async fn difference_of<E: WatchedLog>(
        &self,
        tenant: TenantId,
        from: Position,
        to: Position,
    ) -> Result<StreamDifference, ReadError> {
        let mut gathered = Gathered::default();
        let each = |past: &mut Past<E>, stored: &StoredEvent, told: &Recorded<E>| {
            gathered.take(past.things(told)?, stored, told);
            past.fold(told);
            Ok(Going::On)
        };
        let past = self.fold_watching(tenant, (from, to), each).await?;
        let mut things = Vec::with_capacity(gathered.things.len());
        for (thing, touched) in gathered.things {
            let after = past.thing(&thing)?;
            let Touched { before, events, causes } = touched;
            let null = Value::Null;
            let patch = json_patch::diff(before.as_ref().unwrap_or(&null), after.as_ref().unwrap_or(&null));
            let words =
                if before == after { Vec::new() } else { in_words(before.as_ref(), after.as_ref(), &patch) };
            things.push(ThingChange { thing, words, patch, events, causes });
        }
        Ok(StreamDifference { from, to, things, actors: gathered.actors.into_values().collect() })
    }
}
