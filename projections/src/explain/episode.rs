//! The breaches of the KRI being explained: the open one from its opening on, or how the last one ended.

use chrono::{DateTime, Utc};
use draxis_domain::BreachId;
use draxis_domain::kri::{Closing, KriEvent, Level};

use crate::explain::answer::{Cause, CauseOf, Node, OpenBreach};

/// The breach that is open.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) id: BreachId,
    level: Level,
    opened_at: DateTime<Utc>,
    /// Its level last changed then: opened or raised to it.
    pub(super) events: Vec<Cause>,
}

/// What is known of the breaches.
#[derive(Debug, Clone, Default)]
pub(super) struct Episodes {
    open: Option<Open>,
    closed: Option<(Node, BreachId, Closing)>,
}

impl OpenBreach {
    pub(super) const fn of(open: &Open) -> Self {
        Self { id: open.id, level: open.level, opened_at: open.opened_at }
    }
}

impl Episodes {
    pub(super) fn tell(&mut self, event: &KriEvent, node: Node) {
        if let KriEvent::BreachOpened(opened) = event {
            self.open = Some(Open {
                id: opened.breach_id,
                level: opened.level,
                opened_at: opened.opened_at,
                events: vec![Cause::new(&node, CauseOf::BreachOpened { level: opened.level })],
            });
        }
        if let KriEvent::BreachRaised(shifted) = event {
            self.shift(
                shifted.breach_id,
                shifted.level,
                &node,
                CauseOf::BreachRaised { level: shifted.level },
            );
        }
        if let KriEvent::BreachLowered(shifted) = event {
            self.shift(
                shifted.breach_id,
                shifted.level,
                &node,
                CauseOf::BreachLowered { level: shifted.level },
            );
        }
        if let KriEvent::BreachClosed(closed) = event {
            self.open = None;
            self.closed = Some((node, closed.breach_id, closed.how));
        }
    }

    fn shift(&mut self, id: BreachId, level: Level, node: &Node, of: CauseOf) {
        if let Some(open) = self.open.as_mut().filter(|open| open.id == id) {
            open.level = level;
            open.events.push(Cause::new(node, of));
        }
    }

    pub(super) const fn open(&self) -> Option<&Open> {
        self.open.as_ref()
    }

    /// Up to when what was observed opens no other breach, because somebody closed the last one knowing it.
    pub(super) fn settled_until(&self) -> Option<DateTime<Utc>> {
        let (node, _, how) = self.closed.as_ref()?;
        match how {
            Closing::ByHand => Some(node.at),
            Closing::ByEvent { effective_at, .. } => Some(*effective_at),
            Closing::Recovered | Closing::Archived => None,
        }
    }

    /// Names what happened to the open breach, or how the last one ended.
    pub(super) fn name(&self, causes: &mut Vec<Cause>) {
        match (&self.open, &self.closed) {
            (Some(open), _) => causes.extend(open.events.iter().cloned()),
            (None, Some((node, breach_id, how))) => {
                let closed = CauseOf::BreachClosed { breach_id: *breach_id, how: *how };
                causes.push(Cause::new(node, closed));
            }
            (None, None) => {}
        }
    }
}
