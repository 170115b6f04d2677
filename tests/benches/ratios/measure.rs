//! Measuring: so many callers for so long, subject and baseline in turn.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// How long one measurement lasts.
const SPAN: Duration = Duration::from_millis(1500);
/// How many pairs are measured, after one that is thrown away.
const PAIRS: usize = 7;

/// What came of it: medians per second, and the median of the pairs' ratios.
pub(crate) struct Measured {
    pub(crate) subject: f64,
    pub(crate) baseline: f64,
    pub(crate) ratio: f64,
}

/// Runs a bench's future to its end on two threads.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// Measures both in turn, each as a rate.
pub(crate) async fn in_turn(
    mut subject: impl AsyncFnMut() -> f64,
    mut baseline: impl AsyncFnMut() -> f64,
) -> Measured {
    let mut pairs = Vec::new();
    for _ in 0..=PAIRS {
        pairs.push((subject().await, baseline().await));
    }
    let measured = &pairs[1..];
    Measured {
        subject: median(measured.iter().map(|(subject, _)| *subject)),
        baseline: median(measured.iter().map(|(_, baseline)| *baseline)),
        ratio: median(measured.iter().map(|(subject, baseline)| subject / baseline)),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How often a second the callers do it: each its own way, again and again until the time is over.
pub(crate) async fn rate<C, F>(callers: Vec<C>, step: fn(C) -> F) -> (f64, Vec<C>)
where
    C: Send + 'static,
    F: Future<Output = C> + Send + 'static,
{
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for mut caller in callers {
        running.spawn(async move {
            let mut count = 0_u64;
            while begun.elapsed() < SPAN {
                caller = step(caller).await;
                count += 1;
            }
            (count, caller)
        });
    }
    let (mut count, mut callers) = (0, Vec::new());
    while let Some(done) = running.join_next().await {
        let (counted, caller) = done.expect("a caller ends well");
        count += counted;
        callers.push(caller);
    }
    (count as f64 / begun.elapsed().as_secs_f64(), callers)
}
