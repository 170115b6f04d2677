//! Who takes our mail, and how we speak to it.

use std::path::PathBuf;
use std::sync::Arc;

use draxis_commands::secret::Secret;
use draxis_runner::mail::{self, AddressError, MailAddress, MailLogin, MailSettings, SettingsError};

use super::environment::Environment;
use super::setting::{Setting, Settings};
use super::{ConfigError, secret};

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// It begins in the clear and must be upgraded.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Not at all.
    None,
}

/// A mail server. It may hold a password: no `Debug`.
pub struct MailServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// The sender of every mail.
    pub from: String,
    /// Who we are to it: a name and a password.
    pub credentials: Option<(String, Secret)>,
}

impl MailServer {
    pub(super) fn choose(
        settings: &Settings,
        environment: &Environment,
    ) -> Result<Option<Self>, ConfigError> {
        let security = settings.required(Setting::SmtpSecurity, MailSecurity::parse)?;
        let Some(host) = settings.text(Setting::SmtpHost).map(str::to_owned) else {
            let idle =
                [Setting::SmtpFrom, Setting::SmtpPort, Setting::SmtpUsername, Setting::SmtpPasswordFile];
            return idle.into_iter().try_for_each(|it| needs(settings, it, "smtp.host")).map(|()| None);
        };
        let Some(from) = settings.optional(Setting::SmtpFrom, sender)? else {
            return needs(settings, Setting::SmtpHost, "smtp.from, the sender of every mail").map(|()| None);
        };
        let credentials = credentials(settings, environment)?;
        if credentials.is_some() && security == MailSecurity::None {
            needs(settings, Setting::SmtpUsername, "smtp.security: a password is not sent in the clear")?;
        }
        let port = settings.optional(Setting::SmtpPort, port)?.unwrap_or_else(|| security.port());
        Ok(Some(Self { host, port, security, from, credentials }))
    }
}

/// Why the mail server that was named cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MailServerError {
    /// Its name or port.
    #[error("smtp.host or smtp.port")]
    Server(#[from] SettingsError),
    /// The sender.
    #[error("smtp.from")]
    From(#[from] AddressError),
}

impl MailServer {
    /// As the mailer takes it.
    pub fn settings(self) -> Result<MailSettings, MailServerError> {
        let from = MailAddress::parse(&self.from)?;
        let settings = MailSettings::try_new(&self.host, self.port, self.security.into(), from)?;
        Ok(match self.credentials {
            None => settings,
            Some((user, password)) => settings.login(MailLogin { user, password: Arc::new(password) }),
        })
    }
}

impl From<MailSecurity> for mail::MailSecurity {
    fn from(security: MailSecurity) -> Self {
        match security {
            MailSecurity::StartTls => Self::StartTls,
            MailSecurity::Tls => Self::Implicit,
            MailSecurity::None => Self::Plain,
        }
    }
}

/// An error if the setting is there, because what it needs is not.
fn needs(settings: &Settings, setting: Setting, needs: &'static str) -> Result<(), ConfigError> {
    let origin = settings.origin(setting).cloned();
    origin.map_or(Ok(()), |origin| Err(ConfigError::Incomplete { origin, needs }))
}

fn credentials(
    settings: &Settings,
    environment: &Environment,
) -> Result<Option<(String, Secret)>, ConfigError> {
    let file = settings.text(Setting::SmtpPasswordFile).map(PathBuf::from);
    let password = match environment.secret("DRAXIS_SMTP_PASSWORD")? {
        Some(password) => Some(password),
        None => file.as_deref().map(secret::from_file).transpose()?,
    };
    match (settings.text(Setting::SmtpUsername), password) {
        (Some(name), Some(password)) => Ok(Some((name.to_owned(), password))),
        (Some(_), None) => {
            let wanted = "a password: DRAXIS_SMTP_PASSWORD or smtp.password_file";
            needs(settings, Setting::SmtpUsername, wanted).map(|()| None)
        }
        (None, _) => needs(settings, Setting::SmtpPasswordFile, "smtp.username").map(|()| None),
    }
}

fn port(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port != 0);
    port.ok_or_else(|| format!("`{text}` is no port: write a number from 1 to 65535"))
}

fn sender(text: &str) -> Result<String, String> {
    if text.contains('@') {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no sender: write such as Draxis <draxis@example.com>"))
    }
}

impl MailSecurity {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "starttls" => Ok(Self::StartTls),
            "tls" => Ok(Self::Tls),
            "none" => Ok(Self::None),
            other => Err(format!("`{other}` is no protection: write starttls, tls or none")),
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}
