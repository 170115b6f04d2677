//! Histories rewritten by somebody who has the true key and recomputes everything.

use super::super::stream::{Event, Stream, log_key};
use super::{Case, range, stream};

/// The stream with its third event rewritten, and every hash after it.
fn rewritten() -> Stream {
    let mut events = stream().events;
    events[2] = Event { payload: "{\"value\":\"0\"}".to_owned(), ..events[2].clone() };
    Stream::from_events(stream().tenant, events)
}

pub(super) fn cases() -> Vec<Case> {
    let key = log_key();
    let forged = || range(&rewritten(), &[&key]);
    let held = |size| stream().checkpoint(size, &[&key]);
    vec![
        // Nothing inside the file can tell; that is why checkpoints are kept elsewhere.
        Case::new("a history rewritten with the true key", forged(), ("-", "-")),
        Case::new("the same against a checkpoint from before", forged(), ("held.contradicts", "-"))
            .holding(&held(9)),
        Case::new("the same against one of the same size", forged(), ("held.contradicts", "-"))
            .holding(&held(16)),
        Case::new("the same against one before the change", forged(), ("-", "-")).holding(&held(2)),
        Case::new("a bundle that agrees with a checkpoint", range(&stream(), &[&key]), ("-", "-"))
            .holding(&held(9)),
        Case::new(
            "a lost tail",
            range(&Stream::of(stream().tenant, 16), &[&key]),
            ("held.not_comparable", "-"),
        )
        .holding(&Stream::of(stream().tenant, 17).checkpoint(17, &[&key])),
    ]
}
