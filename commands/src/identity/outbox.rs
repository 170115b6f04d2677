//! The outbox: letters that wait for the mail server. Whoever takes one holds it for a while, so that no two send the same.

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::CommandError;
use crate::execution::Commands;

/// How long a letter that was taken is left to whoever took it; longer than any attempt to send lasts.
const HELD: Duration = Duration::minutes(5);
/// The pause after the first failure; it doubles with each…
const FIRST_PAUSE: Duration = Duration::minutes(1);
/// …up to this…
const LONGEST_PAUSE: Duration = Duration::hours(6);
/// …and after so many attempts, in some three days, the letter is given up.
const MOST_ATTEMPTS: i32 = 20;

/// A letter to be sent. It has no `Debug`: its text may carry a link that opens something once.
pub struct OutboxLetter {
    /// Its id; the Message-ID is made of it, so that every attempt carries the same one (hazard H3).
    pub id: Uuid,
    /// Where it goes.
    pub recipient: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub body: String,
    /// How often it has been tried, this time included.
    pub attempts: i32,
}

/// How an attempt to send went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendOutcome {
    /// The mail server has taken it over.
    Sent,
    /// Not this time: with the reason's stable code.
    Later(&'static str),
    /// Never: with the reason's stable code.
    Never(&'static str),
}

impl Commands {
    /// Takes letters that are due, each for this caller alone.
    pub async fn take_letters(&self, most: i64) -> Result<Vec<OutboxLetter>, CommandError> {
        let now = self.clock().now();
        let letters = sqlx::query_as!(
            OutboxLetter,
            "UPDATE mail_outbox SET attempts = attempts + 1, due_at = $2
             WHERE id IN (SELECT id FROM mail_outbox WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= $1
                          ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
             RETURNING id, recipient, subject, body, attempts",
            now,
            now + HELD,
            most
        )
        .fetch_all(&self.pools().platform)
        .await?;
        Ok(letters)
    }

    /// Notes how an attempt went. The text of a letter that was sent is not kept: it may open something.
    pub async fn note_letter(&self, letter: &OutboxLetter, outcome: SendOutcome) -> Result<(), CommandError> {
        let now = self.clock().now();
        match outcome {
            SendOutcome::Sent => self.letter_sent(letter.id, now).await,
            SendOutcome::Later(why) if letter.attempts < MOST_ATTEMPTS => {
                self.letter_later(letter.id, now + pause_after(letter.attempts), why).await
            }
            SendOutcome::Later(why) | SendOutcome::Never(why) => {
                self.letter_failed(letter.id, now, why).await
            }
        }
    }

    async fn letter_sent(&self, id: Uuid, now: DateTime<Utc>) -> Result<(), CommandError> {
        sqlx::query!("UPDATE mail_outbox SET sent_at = $2, body = '', failure = NULL WHERE id = $1", id, now)
            .execute(&self.pools().platform)
            .await?;
        Ok(())
    }

    async fn letter_later(&self, id: Uuid, due_at: DateTime<Utc>, why: &str) -> Result<(), CommandError> {
        sqlx::query!("UPDATE mail_outbox SET due_at = $2, failure = $3 WHERE id = $1", id, due_at, why)
            .execute(&self.pools().platform)
            .await?;
        Ok(())
    }

    async fn letter_failed(&self, id: Uuid, now: DateTime<Utc>, why: &str) -> Result<(), CommandError> {
        sqlx::query!("UPDATE mail_outbox SET failed_at = $2, failure = $3 WHERE id = $1", id, now, why)
            .execute(&self.pools().platform)
            .await?;
        Ok(())
    }
}

fn pause_after(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1).clamp(0, 16)).unwrap_or_default();
    let pause = 1_i32.checked_shl(doublings).and_then(|times| FIRST_PAUSE.checked_mul(times));
    pause.map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::{LONGEST_PAUSE, MOST_ATTEMPTS, pause_after};

    #[test]
    fn pauses_double_up_to_six_hours_and_a_letter_is_tried_for_days() {
        assert_eq!([1, 2, 3].map(pause_after), [1, 2, 4].map(Duration::minutes));
        assert_eq!((pause_after(10), pause_after(i32::MAX)), (LONGEST_PAUSE, LONGEST_PAUSE));
        let days = (1..MOST_ATTEMPTS).map(pause_after).sum::<Duration>().num_days();
        assert!((2..=4).contains(&days), "{days}");
    }
}
