//! What these tests stand on: a program that seals, a shelf outside its database, a stream of known events.

use std::path::Path;

use draxis_commands::sealing::{HeldNote, Sealing, SealingSettings, Verification};
use draxis_domain::{EventId, Position, Sequence, TenantId};
use draxis_event_store::{Append, Decision, Ids, NewEvent, UlidIds, head};
use tempfile::TempDir;

use crate::house::{Process, TestDatabase, new_tenant};

/// A program on a database of its own, with a shelf.
pub(super) struct Stage {
    pub(super) database: TestDatabase,
    pub(super) process: Process,
    pub(super) sealing: Sealing,
    pub(super) shelf: TempDir,
    pub(super) tenant: TenantId,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let database = TestDatabase::make().await;
        let process = Process::start(&database).await;
        let shelf = tempfile::tempdir().unwrap();
        let sealing = open(&process, Some(shelf.path())).await;
        Self { database, process, sealing, shelf, tenant: new_tenant() }
    }

    /// The same with two checkpoints: one over the first 100 of 600 events, one over all.
    pub(super) async fn sealed() -> Self {
        let stage = Self::set().await;
        stage.append(100).await;
        stage.sealing.seal(stage.tenant).await.unwrap();
        stage.append(500).await;
        stage.sealing.seal(stage.tenant).await.unwrap();
        stage
    }

    /// Appends events, five to an aggregate, in commands of fifty.
    pub(super) async fn append(&self, count: u64) -> Position {
        let before = head(&self.process.pools.app, self.tenant).await.unwrap().get();
        for first in (before..before + count).step_by(5) {
            let event = |n: u64| NewEvent {
                event_id: EventId::new(UlidIds.next()),
                event_type: "kri.value_recorded",
                version: 1,
                payload: format!(r#"{{"n":{n},"note":"ü \" end"}}"#),
            };
            let decision = Decision {
                aggregate_type: "kri",
                aggregate_id: format!("K{first:04}"),
                expected: Sequence::START,
                events: (first..(before + count).min(first + 5)).map(event).collect(),
                claims: Vec::new(),
                metadata: r#"{"actor":"runner"}"#.to_owned(),
            };
            let append = Append::of(self.tenant, decision);
            self.process.writer.append(append).await.unwrap();
        }
        head(&self.process.pools.app, self.tenant).await.unwrap()
    }

    /// What lies on the shelf.
    pub(super) fn held(&self) -> Vec<HeldNote> {
        HeldNote::read_all(self.shelf.path()).unwrap()
    }

    pub(super) async fn verify(&self, held: &[HeldNote]) -> Verification {
        self.sealing.verify(self.tenant, held, &[], |_, _| {}).await.unwrap()
    }
}

pub(super) async fn open(process: &Process, shelf: Option<&Path>) -> Sealing {
    let directory = shelf.map(Path::to_path_buf);
    let settings = SealingSettings { directory, ..SealingSettings::try_default().unwrap() };
    Sealing::open(&process.commands, settings).await.unwrap()
}
