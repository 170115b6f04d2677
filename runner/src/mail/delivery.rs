//! Handing a letter to a mail server, step by step, so that a failure can be told before from after.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::CertificateDer;
use tokio::time::timeout;

use super::{Letter, MailError, MailLogin, MailSecurity, MailSettings};
use crate::egress::{EgressConfig, Gate, GateError, Phase, Resolver, Timeouts, find};

/// How long to wait for a goodbye that changes nothing.
const GOODBYE: Duration = Duration::from_secs(1);

/// Sends letters; every server it talks to is judged by the same gate as every http target.
pub struct Mailer {
    gate: Gate,
    extra_roots: Vec<CertificateDer<'static>>,
    timeouts: Timeouts,
}

impl Mailer {
    /// A mailer with an operator's decisions and somebody to ask about names.
    pub fn new(config: &EgressConfig, resolver: Arc<dyn Resolver>) -> Self {
        let gate = Gate::new(config.allow.clone(), resolver);
        Self { gate, extra_roots: config.extra_roots.clone(), timeouts: config.timeouts }
    }

    /// Sends a letter; it is done when the server has said that it has taken it over.
    pub async fn send(
        &self,
        settings: &MailSettings,
        letter: &Letter,
        at: DateTime<Utc>,
    ) -> Result<(), MailError> {
        let message = letter.compose(&settings.from, at)?;
        let on_its_way = AtomicBool::new(false);
        let sending = Box::pin(self.hand_over(settings, &message, &on_its_way));
        let Ok(outcome) = timeout(self.timeouts.total, sending).await else {
            let phase = if on_its_way.load(Ordering::Relaxed) { Phase::Answering } else { Phase::Connecting };
            return Err(MailError::Timeout { phase });
        };
        let mut connection = outcome?;
        // The letter is delivered whatever comes of this.
        drop(timeout(GOODBYE, connection.quit()).await);
        Ok(())
    }

    /// Goes as far as a letter's first word and says goodbye: the server is there, trusted, and takes the login.
    pub async fn greet(&self, settings: &MailSettings) -> Result<(), MailError> {
        let Ok(greeted) = timeout(self.timeouts.total, Box::pin(self.begin(settings))).await else {
            return Err(MailError::Timeout { phase: Phase::Connecting });
        };
        drop(timeout(GOODBYE, greeted?.quit()).await);
        Ok(())
    }

    /// Connects, and logs in where that is asked for.
    async fn begin(&self, settings: &MailSettings) -> Result<AsyncSmtpConnection, MailError> {
        let connecting = timeout(self.timeouts.connect, self.connect(settings)).await;
        let mut connection = connecting.unwrap_or(Err(MailError::Timeout { phase: Phase::Connecting }))?;
        if let Some(login) = &settings.login {
            log_in(&mut connection, login).await?;
        }
        Ok(connection)
    }

    async fn hand_over(
        &self,
        settings: &MailSettings,
        message: &Message,
        on_its_way: &AtomicBool,
    ) -> Result<AsyncSmtpConnection, MailError> {
        let mut connection = self.begin(settings).await?;
        let envelope = message.envelope();
        connection.command(Mail::new(envelope.from().cloned(), vec![])).await.map_err(|e| before(&e))?;
        for to in envelope.to() {
            // One refused recipient refuses the letter: half sent is a state nobody asked for.
            connection.command(Rcpt::new(to.clone(), vec![])).await.map_err(|e| before(&e))?;
        }
        connection.command(Data).await.map_err(|e| before(&e))?;
        on_its_way.store(true, Ordering::Relaxed);
        connection.message(&message.formatted()).await.map_err(|e| answer(&e).unwrap_or(MailError::Lost))?;
        Ok(connection)
    }

    /// Resolves once, judges every answer, and tries the judged addresses in turn.
    async fn connect(&self, settings: &MailSettings) -> Result<AsyncSmtpConnection, MailError> {
        let addresses = self.gate.addresses(settings.host(), settings.security.channel()).await?;
        let mut failure = MailError::Connect;
        for address in addresses {
            match self.connect_to(address, settings).await {
                Ok(connection) => return Ok(connection),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    async fn connect_to(
        &self,
        address: IpAddr,
        settings: &MailSettings,
    ) -> Result<AsyncSmtpConnection, MailError> {
        let address = SocketAddr::new(address, settings.port);
        let hello = ClientId::default();
        let tls = || self.tls(settings.tls_name()).map_err(|source| MailError::Tls { source });
        let at_once = match settings.security {
            MailSecurity::Implicit => Some(tls()?),
            MailSecurity::StartTls | MailSecurity::Plain => None,
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(address, None, &hello, at_once, None)
            .await
            .map_err(while_connecting)?;
        if settings.security == MailSecurity::StartTls {
            if !connection.can_starttls() {
                return Err(MailError::NoStartTls);
            }
            connection.starttls(tls()?, &hello).await.map_err(while_connecting)?;
        }
        Ok(connection)
    }

    fn tls(&self, name: String) -> Result<TlsParameters, SmtpError> {
        let builder = TlsParameters::builder(name).certificate_store(CertificateStore::WebpkiRoots);
        let builder = self.extra_roots.iter().try_fold(builder, |builder, root| {
            Certificate::from_der(root.to_vec()).map(|root| builder.add_root_certificate(root))
        })?;
        builder.build_rustls()
    }
}

async fn log_in(connection: &mut AsyncSmtpConnection, login: &MailLogin) -> Result<(), MailError> {
    let credentials = Credentials::new(login.user.clone(), login.password.expose().to_owned());
    match connection.auth(DEFAULT_MECHANISMS, &credentials).await {
        Ok(_) => Ok(()),
        Err(error) => match code(&error) {
            Some(code) if error.is_transient() => Err(MailError::Deferred { code }),
            None if !error.is_client() => Err(MailError::Interrupted),
            code => Err(MailError::Login { code }),
        },
    }
}

fn while_connecting(error: SmtpError) -> MailError {
    if find::<rustls::Error>(&error).is_some() {
        return MailError::Tls { source: error };
    }
    answer(&error).unwrap_or(MailError::Connect)
}

fn before(error: &SmtpError) -> MailError {
    answer(error).unwrap_or(MailError::Interrupted)
}

/// What the server answered, when what went wrong is an answer. Its words are left behind: only the code is kept.
fn answer(error: &SmtpError) -> Option<MailError> {
    let code = code(error)?;
    Some(if error.is_transient() { MailError::Deferred { code } } else { MailError::Rejected { code } })
}

fn code(error: &SmtpError) -> Option<u16> {
    error.status().map(u16::from)
}

impl From<GateError> for MailError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::Refused(why) => Self::Refused(why),
            GateError::Name { source } => Self::Name { source },
        }
    }
}
