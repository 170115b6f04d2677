//! Mail: a server that takes letters from us, after a login where it asks for one.

use std::sync::Arc;

use draxis_domain::relay::{EmailSettings, Encryption};

use crate::mail::{MailAddress, MailLogin, MailSecurity, MailSettings, Mailer};
use crate::relay::RelayCredentials;
use crate::relay::trial::Trial;

pub(super) async fn attempt(
    mailer: &Mailer,
    settings: &EmailSettings,
    credentials: RelayCredentials,
) -> Result<(), Trial> {
    Ok(mailer.greet(&mail_settings(settings, credentials)?).await?)
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
