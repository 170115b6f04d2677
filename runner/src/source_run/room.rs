//! Room: what a run has read lies in memory until it ends, so of all runs of a process only a few at once may read much.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

/// What every run may read without asking.
const FREE: u64 = 2 << 20;
/// How many runs at once may read more.
const LARGE: usize = 8;

/// The places of those that read much.
#[derive(Clone)]
pub(super) struct Room(Arc<Semaphore>);

/// One run's part of it: at most one place, kept until the run is over.
pub(super) struct Share {
    room: Room,
    place: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Room {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(LARGE)))
    }

    pub(super) fn share(&self) -> Share {
        Share { room: self.clone(), place: Mutex::default() }
    }
}

impl Share {
    /// Waits, where a run has read so much that it needs a place, until there is one.
    pub(super) async fn grow(&self, read: u64) {
        if read <= FREE {
            return;
        }
        let mut place = self.place.lock().await;
        if place.is_none() {
            *place = Arc::clone(&self.room.0).acquire_owned().await.ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::{FREE, LARGE, Room};

    #[test]
    fn whoever_reads_much_waits_for_a_place_and_whoever_reads_little_never_does() {
        let room = Room::new();
        let large: Vec<_> = (0..LARGE).map(|_| room.share()).collect();
        for share in &large {
            assert!(share.grow(FREE + 1).now_or_never().is_some());
            assert!(share.grow(2 * FREE).now_or_never().is_some(), "one place is enough for a run");
        }
        let other = room.share();
        assert!(other.grow(FREE).now_or_never().is_some());
        assert!(other.grow(FREE + 1).now_or_never().is_none());
        drop(large);
        assert!(other.grow(FREE + 1).now_or_never().is_some(), "a place is free when its run is over");
    }
}
