//! Empties the outbox: each letter is handed to the mail server under an id that stays the same however often it is tried.

use std::sync::Arc;

use draxis_commands::identity::{OutboxLetter, SendOutcome};
use draxis_commands::{CommandError, Commands};

use super::{Letter, MailAddress, MailError, MailSettings, Mailer, MessageId};

/// How many letters are taken at once: few, so that one that is taken is sent before another process may take it.
const AT_ONCE: i64 = 4;

/// Sends what lies in the outbox.
#[derive(Clone)]
pub struct Outbox {
    commands: Commands,
    mailer: Arc<Mailer>,
    settings: Arc<MailSettings>,
}

impl Outbox {
    /// An outbox that is emptied through this server.
    pub fn new(commands: Commands, mailer: Arc<Mailer>, settings: Arc<MailSettings>) -> Self {
        Self { commands, mailer, settings }
    }

    /// Sends every letter that is due; answers with how many were sent. Any number of processes may do so at once.
    pub async fn send_due(&self) -> Result<u64, CommandError> {
        let mut sent = 0_u64;
        loop {
            let letters = self.commands.take_letters(AT_ONCE).await?;
            if letters.is_empty() {
                return Ok(sent);
            }
            for letter in letters {
                let outcome = self.send(&letter).await;
                self.commands.note_letter(&letter, outcome).await?;
                sent = sent.saturating_add(u64::from(outcome == SendOutcome::Sent));
            }
        }
    }

    async fn send(&self, letter: &OutboxLetter) -> SendOutcome {
        let Some(composed) = self.compose(letter) else { return SendOutcome::Never("mail.letter") };
        match self.mailer.send(&self.settings, &composed, self.commands.clock().now()).await {
            Ok(()) => SendOutcome::Sent,
            Err(error) => {
                tracing::warn!(
                    letter.id = %letter.id, attempts = letter.attempts, error = %error, "a letter was not sent"
                );
                outcome(&error)
            }
        }
    }

    fn compose(&self, letter: &OutboxLetter) -> Option<Letter> {
        let id =
            MessageId::parse(&format!("<{}.outbox@{}>", letter.id.simple(), self.settings.domain())).ok()?;
        let to = MailAddress::parse(&letter.recipient).ok()?;
        Letter::try_new(id, vec![to], letter.subject.as_str(), letter.body.as_str()).ok()
    }
}

/// A letter that may have arrived is sent again: under the same Message-ID two are seen as one, and none would be worse
/// (hazard H3).
fn outcome(error: &MailError) -> SendOutcome {
    match error {
        MailError::Rejected { .. } | MailError::Letter(_) => SendOutcome::Never(error.code()),
        MailError::Refused(_)
        | MailError::Name { .. }
        | MailError::Connect
        | MailError::Tls { .. }
        | MailError::NoStartTls
        | MailError::Login { .. }
        | MailError::Deferred { .. }
        | MailError::Timeout { .. }
        | MailError::Interrupted
        | MailError::Lost => SendOutcome::Later(error.code()),
    }
}
