//! Measuring: so many callers for so long, subject and baseline in turn; how long and how much can be scaled.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// What came of it: medians per second (or in milliseconds, where the bench says so), and the median of the pairs' ratios.
pub(crate) struct Measured {
    pub(crate) subject: f64,
    pub(crate) baseline: f64,
    pub(crate) ratio: f64,
}

/// `DRAXIS_BENCH_SCALE`: 1 measures as the aims are meant; 0.1 makes streams and spans a tenth, for a quick look.
pub(crate) fn scale() -> f64 {
    let said = std::env::var("DRAXIS_BENCH_SCALE").ok().and_then(|text| text.parse::<f64>().ok());
    said.unwrap_or(1.0).clamp(0.001, 10.0)
}

/// That many events at full scale, and at least as many as make any sense.
pub(crate) fn events(at_full_scale: u64) -> u64 {
    let scaled = Duration::from_micros(at_full_scale).mul_f64(scale()).as_micros();
    u64::try_from(scaled).unwrap_or(at_full_scale).max(1_000)
}

/// How long one measurement of a rate lasts.
pub(crate) fn span() -> Duration {
    Duration::from_millis(1500).mul_f64(scale()).max(Duration::from_millis(400))
}

/// How many pairs are measured, after one that is thrown away: never fewer than five.
fn pairs() -> usize {
    if scale() < 1.0 { 5 } else { 7 }
}

/// Runs a bench's future to its end on two threads.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// Measures both in turn, each as a rate.
pub(crate) async fn in_turn(
    subject: impl AsyncFnMut() -> f64,
    baseline: impl AsyncFnMut() -> f64,
) -> Measured {
    in_turns(pairs(), subject, baseline).await
}

/// The same for what takes seconds each time: five pairs.
pub(crate) async fn in_long_turn(
    subject: impl AsyncFnMut() -> f64,
    baseline: impl AsyncFnMut() -> f64,
) -> Measured {
    in_turns(5, subject, baseline).await
}

async fn in_turns(
    count: usize,
    mut subject: impl AsyncFnMut() -> f64,
    mut baseline: impl AsyncFnMut() -> f64,
) -> Measured {
    let mut pairs = Vec::new();
    for _ in 0..=count {
        pairs.push((subject().await, baseline().await));
    }
    let measured = &pairs[1..];
    Measured {
        subject: median(measured.iter().map(|(subject, _)| *subject)),
        baseline: median(measured.iter().map(|(_, baseline)| *baseline)),
        ratio: median(measured.iter().map(|(subject, baseline)| subject / baseline)),
    }
}

/// The 99th percentile, in milliseconds.
pub(crate) fn p99(mut took: Vec<Duration>) -> f64 {
    took.sort_unstable();
    took[took.len() * 99 / 100].as_secs_f64() * 1e3
}

/// The value in the middle.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How many a second, of so many since then.
pub(crate) fn per_second(count: u64, begun: Instant) -> f64 {
    count as f64 / begun.elapsed().as_secs_f64()
}

/// How often a second the callers do it: each its own way, again and again until the time is over.
pub(crate) async fn rate<C, F>(callers: Vec<C>, step: fn(C) -> F) -> (f64, Vec<C>)
where
    C: Send + 'static,
    F: Future<Output = C> + Send + 'static,
{
    let (begun, span) = (Instant::now(), span());
    let mut running = JoinSet::new();
    for mut caller in callers {
        running.spawn(async move {
            let mut count = 0_u64;
            while begun.elapsed() < span {
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
    (per_second(count, begun), callers)
}
