//! Sending letters over SMTP, to addresses judged like every other (hazard H7), with what is known when it fails (H3).

mod address;
mod delivery;
mod error;
mod letter;
#[cfg(any(test, feature = "far-systems"))]
pub mod loopback;
mod outbox;
mod settings;

pub use address::MailAddress;
pub use delivery::Mailer;
pub use error::{AddressError, LetterError, MailError, SettingsError};
pub use letter::{Letter, MessageId};
pub use outbox::Outbox;
pub use settings::{MailLogin, MailSecurity, MailSettings};
