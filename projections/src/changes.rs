//! What changed: a stretch of a stream folded anew, thing by thing, event by event.

mod difference;
mod walk;
mod words;

use draxis_domain::{Position, Recorded, TenantEvent, TenantId};
use draxis_event_store::{StoredEvent, Stretch};
use serde_json::Value;

pub use difference::{ActorChanges, Cause, StreamDifference, ThingChange};
pub use walk::{Change, Step};

use crate::ReadModels;
use crate::directory::Directory;
use crate::error::ReadError;
use crate::kri_event_definitions::KriEventDefinitions;
use crate::memory::Memory;
use crate::projection::{LogEvent, Projection, recorded};
use crate::relays::Relays;
use crate::risk_model::RiskModel;
use crate::sources::Sources;
use crate::store::Table;
use crate::workflows::Workflows;

/// One projection being watched while a stream is folded.
trait Watched<E>: Send {
    /// The keys of the things that an event touches.
    fn touched(&self, told: &Recorded<E>) -> Vec<String>;
    /// A thing as it is now.
    fn thing(&self, key: &str) -> Result<Option<Value>, ReadError>;
    fn fold(&mut self, told: &Recorded<E>);
}

impl<P: Projection> Watched<P::Event> for Memory<P> {
    fn touched(&self, told: &Recorded<P::Event>) -> Vec<String> {
        // What a KRI remembers of its days is a part of the KRI, told with it.
        let days = format!("{}/", crate::risk_model::DaysRow::NOUN);
        let keys = P::keys(told).into_iter().filter(|key| !key.starts_with(&days));
        keys.map(|key| format!("{}{key}", noun_before(P::TABLE))).collect()
    }

    fn thing(&self, key: &str) -> Result<Option<Value>, ReadError> {
        let Some(key) = key.strip_prefix(noun_before(P::TABLE)) else { return Ok(None) };
        let unwritable = |source| ReadError::Unwritable { projection: P::TABLE.name(), source };
        let row = self.find(key).map(serde_json::to_value).transpose().map_err(unwritable)?;
        Ok(row.map(|row| without_tag(key, row)))
    }

    fn fold(&mut self, told: &Recorded<P::Event>) {
        Self::fold(self, told);
    }
}

/// What a table with things of one kind leaves out of its keys, and people want to be told.
const fn noun_before(table: Table) -> &'static str {
    if matches!(table, Table::Sources) {
        "source/"
    } else if matches!(table, Table::Workflows) {
        "workflow/"
    } else if matches!(table, Table::KriEventDefinitions) {
        "kri_event_definition/"
    } else if matches!(table, Table::Relays) {
        "relay/"
    } else {
        ""
    }
}

/// A row of a table with things of several kinds says its kind around the thing: the key says it already.
fn without_tag(key: &str, row: Value) -> Value {
    let noun = key.split('/').next().unwrap_or_default();
    match row {
        Value::Object(mut fields) if fields.len() == 1 && fields.contains_key(noun) => {
            fields.remove(noun).unwrap_or_default()
        }
        row @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_)) => row,
    }
}

/// A log whose things are watched.
trait WatchedLog: LogEvent {
    /// What of it is worth being told, projection by projection.
    fn watched() -> Vec<Box<dyn Watched<Self>>>;
}

impl WatchedLog for TenantEvent {
    fn watched() -> Vec<Box<dyn Watched<Self>>> {
        vec![
            Box::<Memory<RiskModel>>::default(),
            Box::<Memory<Sources>>::default(),
            Box::<Memory<Workflows>>::default(),
            Box::<Memory<KriEventDefinitions>>::default(),
            Box::<Memory<Relays>>::default(),
        ]
    }
}

impl WatchedLog for draxis_domain::PlatformEvent {
    fn watched() -> Vec<Box<dyn Watched<Self>>> {
        vec![Box::<Memory<Directory>>::default()]
    }
}

/// A stream being folded in memory, with an eye on what each event touches.
struct Past<E> {
    watched: Vec<Box<dyn Watched<E>>>,
}

impl<E: WatchedLog> Past<E> {
    fn new() -> Self {
        Self { watched: E::watched() }
    }

    /// Every thing that the event touches, as it is now, by its key.
    fn things(&self, told: &Recorded<E>) -> Result<Vec<(String, Option<Value>)>, ReadError> {
        let mut things = Vec::new();
        for watched in &self.watched {
            for key in watched.touched(told) {
                let thing = watched.thing(&key)?;
                things.push((key, thing));
            }
        }
        Ok(things)
    }

    /// The thing of a key as it is now.
    fn thing(&self, key: &str) -> Result<Option<Value>, ReadError> {
        for watched in &self.watched {
            if let Some(thing) = watched.thing(key)? {
                return Ok(Some(thing));
            }
        }
        Ok(None)
    }

    fn fold(&mut self, told: &Recorded<E>) {
        self.watched.iter_mut().for_each(|watched| watched.fold(told));
    }
}

impl ReadModels {
    /// Folds a stream up to `after`, and hands each event from there to `until` over to be folded; ends early where that says
    /// so.
    async fn fold_watching<E: WatchedLog>(
        &self,
        tenant: TenantId,
        (after, until): (Position, Position),
        mut each: impl FnMut(&mut Past<E>, &StoredEvent, &Recorded<E>) -> Result<Going, ReadError>,
    ) -> Result<Past<E>, ReadError> {
        let mut past = Past::new();
        let mut reader = Stretch::all(tenant, Position::START, until).read(self.pool());
        while let Some(events) = reader.next().await? {
            for stored in events {
                let told = recorded::<E>(&stored)?;
                if stored.position <= after {
                    past.fold(&told);
                } else if each(&mut past, &stored, &told)? == Going::NoFurther {
                    return Ok(past);
                }
            }
        }
        Ok(past)
    }
}

/// Whether somebody who is shown a stream event by event wants to see more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Going {
    /// The next one.
    On,
    /// That was enough.
    NoFurther,
}
