//! Writing what a fold has changed, and taking up in the same transaction what is due already: whoever folds an event need not
//! ask for what has just come of it.

use std::collections::{BTreeMap, BTreeSet};

use draxis_commands::CommandError;
use draxis_domain::{Position, TenantId};
use draxis_event_store::{
    ClaimDurability, ClaimedTimer, PutTimer, TenantTx, TimerName, TimerProgress, put_timers, remove_timers,
};

use crate::timer::fold::Timer;
use crate::timer::folding::{FoldError, Touched, stored};
use crate::timer::places::Place;
use crate::timer::work::Held;
use crate::timer::{Lane, TimerKind, Timers};

/// What a fold has written, as far as it is due.
#[derive(Default)]
pub(super) struct Written {
    /// Lanes in which something waits for a place.
    due: BTreeSet<Lane>,
    /// What has a place.
    places: BTreeMap<TimerName, (Place, Held)>,
    /// The claims of these.
    claimed: Vec<ClaimedTimer>,
}

impl Timers {
    /// Writes what changed. What is due already is taken up at once where there is a place for it.
    pub(super) async fn write(
        &self,
        transaction: &mut TenantTx,
        mut touched: Touched,
        at: Position,
    ) -> Result<Written, FoldError> {
        let (mut put, mut gone, mut written) = (Vec::new(), Vec::new(), Written::default());
        let tenant = transaction.tenant();
        for (key, (was, is)) in touched.timers {
            let name = TimerName { kind: key.kind.name().to_owned(), subject: key.subject };
            match is {
                Some(timer) if was.as_ref() != Some(&timer) => {
                    let place =
                        self.place((tenant, key.kind.lane()), (was.as_ref(), &timer), &mut written.due);
                    let lease = place.is_some().then(|| self.0.settings.of(key.kind.lane()).lease);
                    let timer = stored(&timer, at)?;
                    if let Some(place) = place {
                        let held = Held { timer: timer.clone(), cause: touched.read.remove(&timer.cause) };
                        written.places.insert(name.clone(), (place, held));
                    }
                    put.push(PutTimer { name, timer, lease });
                }
                None if was.is_some() => gone.push(name),
                Some(_) | None => {}
            }
        }
        if !gone.is_empty() {
            remove_timers(transaction, &gone).await.map_err(CommandError::from)?;
        }
        let kinds: Vec<String> = TimerKind::ALL.iter().map(|kind| kind.name().to_owned()).collect();
        let folded = TimerProgress { position: at, kinds: &kinds };
        let claimed = put_timers(transaction, &put, folded, durability(&put)).await;
        written.claimed = claimed.map_err(CommandError::from)?;
        Ok(written)
    }

    /// A place for a timer that has become due, in this process while it works; where there is none, the lane is to look.
    fn place(
        &self,
        (tenant, lane): (TenantId, Lane),
        (was, is): (Option<&Timer>, &Timer),
        due: &mut BTreeSet<Lane>,
    ) -> Option<Place> {
        let now = self.0.commands.clock().now();
        if is.due_at.is_none_or(|due| due > now) {
            return None;
        }
        let anew = was.is_none_or(|was| (was.due_at, was.cause) != (is.due_at, is.cause));
        let works = self.0.working.get().is_some_and(|working| !working.stop.is_cancelled());
        let place = (anew && works).then(|| self.0.lanes.places(lane).take_free(tenant)).flatten();
        if place.is_none() {
            due.insert(lane);
        }
        place
    }

    /// Leaves to others what was taken up in a transaction whose end is not known: it may have been committed.
    pub(super) async fn give_up(&self, written: Written) {
        for claimed in written.claimed {
            self.hand_back(&claimed).await;
        }
    }

    /// Begins what was taken up, and lets the lanes look for the rest.
    pub(super) async fn set_off(&self, mut written: Written) {
        for lane in written.due {
            self.0.lanes.ring(lane);
        }
        let Some(working) = self.0.working.get() else { return };
        for claimed in written.claimed {
            if let Some((place, held)) = written.places.remove(&claimed.name) {
                self.begin(working, (place, claimed), Some(held)).await;
            }
        }
    }
}

/// What the claims of a fold must be worth: as much as that of any lane.
fn durability(put: &[PutTimer]) -> ClaimDurability {
    let durable = put.iter().filter(|put| put.lease.is_some()).any(|put| {
        let kind = TimerKind::parse(&put.name.kind);
        kind.is_some_and(|kind| kind.lane().durability() == ClaimDurability::Durable)
    });
    if durable { ClaimDurability::Durable } else { ClaimDurability::Forgettable }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use draxis_domain::EventId;
    use draxis_event_store::{ClaimDurability, PutTimer, StoredTimer, TimerName};
    use ulid::Ulid;

    use super::durability;
    use crate::timer::TimerKind;

    fn put(kind: TimerKind, lease: Option<Duration>) -> PutTimer {
        let name = TimerName { kind: kind.name().to_owned(), subject: "s".to_owned() };
        let timer = StoredTimer { due_at: None, cause: EventId::new(Ulid(1)), memo: "{}".to_owned() };
        PutTimer { name, timer, lease }
    }

    #[test]
    fn a_fold_waits_for_the_disk_where_it_takes_up_a_run() {
        let lease = Some(Duration::from_mins(1));
        let (run, decision) = (TimerKind::RunDue, TimerKind::BreachReaction);
        for (written, wanted) in [
            (vec![put(decision, lease), put(run, lease)], ClaimDurability::Durable),
            (vec![put(decision, lease), put(run, None)], ClaimDurability::Forgettable),
            (vec![], ClaimDurability::Forgettable),
        ] {
            assert_eq!(durability(&written), wanted);
        }
    }
}
