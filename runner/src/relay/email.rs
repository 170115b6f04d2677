//! Mail: a server that takes letters from us, after a login where it asks for one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use draxis_domain::relay::{Channel, EmailSettings, Encryption};
use draxis_domain::workflow_run::EffectId;
use draxis_domain::{Email, Name};

use crate::mail::{Letter, MailAddress, MailLogin, MailSecurity, MailSettings, Mailer, MessageId};
use crate::relay::exchange::{Setback, one_line, unsent};
use crate::relay::trial::Trial;
use crate::relay::{EffectReference, RelayCredentials, RelayError};

/// Longer subjects are cut off by whoever shows them.
const SUBJECT: usize = 250;

/// A letter to be written.
pub(super) struct Content<'a> {
    pub(super) to: &'a [(Option<Name>, Email)],
    pub(super) subject: &'a str,
    pub(super) text: &'a str,
}

pub(super) async fn attempt(
    mailer: &Mailer,
    settings: &EmailSettings,
    credentials: RelayCredentials,
) -> Result<(), Trial> {
    Ok(mailer.greet(&mail_settings(settings, credentials)?).await?)
}

/// Sends the letter, under the one Message-ID of its effect.
pub(super) async fn send(
    mailer: &Mailer,
    (settings, credentials): (&EmailSettings, RelayCredentials),
    (effect, at): (&EffectId, DateTime<Utc>),
    content: &Content<'_>,
) -> Result<EffectReference, Setback> {
    let server = mail_settings(settings, credentials)?;
    let letter = compose(settings, effect, content)?;
    mailer.send(&server, &letter, at).await.map_err(unsent)?;
    let id = letter.message_id().as_str();
    Ok(EffectReference { channel: Channel::Email, id: id.to_owned(), name: id.to_owned(), url: None })
}

fn compose(settings: &EmailSettings, effect: &EffectId, content: &Content<'_>) -> Result<Letter, RelayError> {
    let (_, domain) = settings.from.as_str().rsplit_once('@').unwrap_or_default();
    let id = MessageId::parse(&format!("<{effect}.effect@{domain}>"))?;
    let address = |name: Option<&Name>, email: &Email| {
        MailAddress::named(name.map(Name::as_str), email.as_str())
            .map_err(|error| RelayError::content(format!("a recipient cannot be written to: {error}")))
    };
    let to =
        content.to.iter().map(|(name, email)| address(name.as_ref(), email)).collect::<Result<_, _>>()?;
    let letter = Letter::try_new(id, to, one_line(content.subject, SUBJECT), content.text)?;
    Ok(match &settings.reply_to {
        Some(email) => letter.reply_to(address(None, email)?),
        None => letter,
    })
}

/// The mailer's terms for what a tenant has set up.
fn mail_settings(settings: &EmailSettings, mut credentials: RelayCredentials) -> Result<MailSettings, Trial> {
    let misfit = |error: &dyn std::error::Error| Trial::new("settings", error.to_string());
    let from = MailAddress::parse(settings.from.as_str()).map_err(|error| misfit(&error))?;
    let security = match settings.encryption {
        Encryption::Tls => MailSecurity::Implicit,
        Encryption::StartTls => MailSecurity::StartTls,
        Encryption::None => MailSecurity::Plain,
    };
    let server = MailSettings::try_new(&settings.host, settings.port, security, from)
        .map_err(|error| misfit(&error))?;
    Ok(match &settings.user {
        Some(user) => {
            let password = Arc::new(credentials.take("password")?);
            server.login(MailLogin { user: user.clone(), password })
        }
        None => server,
    })
}
