//! The scene of a run, kept from one turn to the next: turns follow each other within milliseconds, and reading the tenant anew
//! for each was most of what a run cost.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use draxis_commands::CommandError;
use draxis_domain::workflow_run::{RunBegun, Scene};

use crate::run::drive::Worker;

/// How old what a run sees of its tenant may be.
const FRESH: Duration = Duration::from_millis(250);

/// What was last seen, and when.
#[derive(Default)]
pub(super) struct Seen(Mutex<Option<(Instant, Scene)>>);

impl Seen {
    /// What the run itself changes is seen at once.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn fresh(&self) -> Option<Scene> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.as_ref().filter(|(at, _)| at.elapsed() < FRESH).map(|(_, scene)| scene.clone())
    }

    fn keep(&self, read_at: Instant, scene: &Scene) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((read_at, scene.clone()));
    }
}

impl Worker<'_> {
    /// The tenant around the run, as it was a moment ago at the earliest.
    pub(super) async fn scene(&self, begun: &RunBegun) -> Result<Scene, CommandError> {
        if let Some(scene) = self.seen.fresh() {
            return Ok(scene);
        }
        let (read_at, page) = (Instant::now(), self.runs.page(begun.id));
        let around = (&begun.trigger, &*begun.definition);
        let scene = self.runs.0.commands.run_scene(self.claimed.tenant, around, page).await?;
        self.seen.keep(read_at, &scene);
        Ok(scene)
    }
}
