//! Trouble of our own: while our database is out of reach or too busy, what a run has to read or write there is tried again,
//! until it is done or the run's time is over. It says nothing of the far side, so the far side is never blamed for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use draxis_commands::CommandError;
use draxis_domain::source::{RunFailure, RunFailureClass};

/// The pause after a first failure; it doubles with each.
const FIRST: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(20);

/// What one run has met of it; clones share it.
#[derive(Debug, Clone)]
pub(super) struct OwnTrouble {
    met: Arc<AtomicBool>,
    /// Of a thousand, how much longer by up to a half this run's pauses are than others', so that those that failed together
    /// do not come back together.
    spread: u32,
}

impl OwnTrouble {
    /// None so far, for a run whose id has this noise in it.
    pub(super) fn of_run(noise: u128) -> Self {
        Self { met: Arc::default(), spread: u32::try_from(noise % 500).unwrap_or_default() }
    }

    /// The pauses between one attempt and the next.
    fn pauses(&self) -> impl Iterator<Item = Duration> + use<> {
        let stretched = self.spread.saturating_add(1_000);
        let double = |pause: &Duration| Some(pause.saturating_mul(2).min(LONGEST));
        std::iter::successors(Some(FIRST), double).map(move |pause| pause.saturating_mul(stretched) / 1_000)
    }

    /// Tries until the answer is another than that our database cannot serve now. Whoever waits sets the end.
    pub(super) async fn outlast<T, A>(&self, attempt: impl Fn() -> A) -> Result<T, CommandError>
    where
        A: Future<Output = Result<T, CommandError>>,
    {
        let mut pauses = self.pauses();
        loop {
            match attempt().await {
                Err(error) if passes(&error) => {
                    self.met.store(true, Ordering::Relaxed);
                    tracing::debug!(reason = %error, "a run waits for our own database");
                }
                answered => return answered,
            }
            tokio::time::sleep(pauses.next().unwrap_or(LONGEST)).await;
        }
    }

    /// How a run failed whose time is over.
    pub(super) fn failure_in_time(&self) -> RunFailure {
        if self.met.load(Ordering::Relaxed) {
            let detail = "our own database could not serve the run in its time; nothing is known against the source, and \
                          its next run needs nothing of you";
            return RunFailure { class: RunFailureClass::Internal, detail: detail.to_owned() };
        }
        let detail = "the run took longer than a run may; narrow what the source is asked for".to_owned();
        RunFailure { class: RunFailureClass::Timeout, detail }
    }
}

/// Whether the same may be answered otherwise in a moment: nothing was written, or it is not known whether it was, and to
/// write it again changes nothing.
const fn passes(error: &CommandError) -> bool {
    matches!(error, CommandError::Overloaded | CommandError::Contended | CommandError::Unknown)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use draxis_commands::CommandError;
    use draxis_domain::Rejection;
    use draxis_domain::source::RunFailureClass;

    use super::OwnTrouble;

    /// Whether it is done in the end, and after how many attempts, where the first fails with that.
    async fn outlasted(trouble: &OwnTrouble, error: CommandError) -> (bool, u32) {
        let (error, asked) = (Cell::new(Some(error)), Cell::new(0));
        let attempt = || {
            asked.set(asked.get() + 1);
            let answer = error.take().map_or(Ok(()), Err);
            async move { answer }
        };
        (trouble.outlast(attempt).await.is_ok(), asked.get())
    }

    #[tokio::test]
    async fn what_our_database_cannot_serve_now_is_asked_again_and_nobody_else_blamed() {
        for error in [CommandError::Overloaded, CommandError::Contended, CommandError::Unknown] {
            let trouble = OwnTrouble::of_run(0);
            assert_eq!(trouble.failure_in_time().class, RunFailureClass::Timeout);
            assert_eq!(outlasted(&trouble.clone(), error).await, (true, 2));
            assert_eq!(trouble.failure_in_time().class, RunFailureClass::Internal);
        }
    }

    #[tokio::test]
    async fn what_a_rule_refuses_or_is_broken_is_not_asked_again() {
        let trouble = OwnTrouble::of_run(0);
        let refused = CommandError::Rejected(Rejection::NotFound { noun: "source" });
        assert_eq!(outlasted(&trouble, refused).await, (false, 1));
        assert_eq!(outlasted(&trouble, CommandError::Failed("a defect".into())).await, (false, 1));
        assert_eq!(trouble.failure_in_time().class, RunFailureClass::Timeout);
    }

    #[test]
    fn pauses_grow_to_a_limit_and_differ_from_run_to_run() {
        let pauses = |noise| OwnTrouble::of_run(noise).pauses().take(9).collect::<Vec<_>>();
        assert_eq!(pauses(0)[..3], [250, 500, 1_000].map(Duration::from_millis));
        assert_eq!(pauses(0)[7..], [20, 20].map(Duration::from_secs));
        assert_eq!(pauses(400)[7..], [28, 28].map(Duration::from_secs));
        assert!(pauses(123)[0] > pauses(0)[0]);
    }
}
