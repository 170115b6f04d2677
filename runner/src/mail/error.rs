//! How sending a letter can fail, and whether it may have arrived all the same.

use std::io;

use crate::egress::{Phase, Refused};

/// How a letter failed. No text repeats the password, the letter, or what the server said.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server may not be reached; nothing was sent.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The letter could not be written down; nothing was sent.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The name has no address.
    #[error("the mail server's name could not be resolved: check its spelling")]
    Name {
        /// What the resolver said.
        #[source]
        source: io::Error,
    },
    /// Nobody answers there, or not as a mail server.
    #[error(
        "no connection to the mail server: check host, port and TLS mode, and whether a firewall stands between"
    )]
    Connect,
    /// The server could not show who it is.
    #[error(
        "no trust: check that the mail server's certificate is valid for its name, or give the authority that signed it"
    )]
    Tls {
        /// What the TLS library said.
        #[source]
        source: lettre::transport::smtp::Error,
    },
    /// STARTTLS was asked for and is not offered.
    #[error("the mail server does not offer STARTTLS: use its TLS port, usually 465, or another server")]
    NoStartTls,
    /// User name or password was refused, or the server takes no login we know.
    #[error(
        "the mail server refuses the login: check user name and password, and whether it takes PLAIN or LOGIN"
    )]
    Login {
        /// The reply code, when there was a reply.
        code: Option<u16>,
    },
    /// The server says no for now.
    #[error("the mail server says no for now ({code}): try again later")]
    Deferred {
        /// The reply code, 4xx.
        code: u16,
    },
    /// The server says no for good.
    #[error("the mail server refuses the letter ({code}): check sender and recipients")]
    Rejected {
        /// The reply code, 5xx.
        code: u16,
    },
    /// Time ran out.
    #[error("the mail server does not answer in time while {phase}: try again later")]
    Timeout {
        /// What was going on.
        phase: Phase,
    },
    /// The connection broke before the letter was on its way.
    #[error("the connection broke before the letter was sent: try again")]
    Interrupted,
    /// The connection broke after the letter was on its way.
    #[error(
        "the connection broke before the mail server confirmed the letter: look for its Message-ID before sending it again"
    )]
    Lost,
}

impl MailError {
    /// Whether the letter may have been taken although this error came. `false`: it surely was not, and may be sent
    /// again under the same Message-ID. `true`: look first (hazard H3). A refusal in so many words is an answer, also
    /// after the letter was sent (RFC 5321, section 4.2.5).
    pub fn may_have_been_sent(&self) -> bool {
        match self {
            Self::Refused(_)
            | Self::Letter(_)
            | Self::Name { .. }
            | Self::Connect
            | Self::Tls { .. }
            | Self::NoStartTls
            | Self::Login { .. }
            | Self::Deferred { .. }
            | Self::Rejected { .. }
            | Self::Interrupted => false,
            Self::Timeout { phase } => *phase == Phase::Answering,
            Self::Lost => true,
        }
    }

    /// A stable code for events and answers.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => "mail.refused",
            Self::Letter(_) => "mail.letter",
            Self::Name { .. } => "mail.name",
            Self::Connect => "mail.connect",
            Self::Tls { .. } | Self::NoStartTls => "mail.tls",
            Self::Login { .. } => "mail.login",
            Self::Deferred { .. } => "mail.deferred",
            Self::Rejected { .. } => "mail.rejected",
            Self::Timeout { .. } => "mail.timeout",
            Self::Interrupted => "mail.interrupted",
            Self::Lost => "mail.lost",
        }
    }
}

/// Why a letter cannot be written down.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// Nobody to send it to.
    #[error("the letter has no recipient: name at least one")]
    NoRecipient,
    /// A line break in the subject.
    #[error("the subject holds a line break or control character: write it in one line")]
    Subject,
    /// Not a Message-ID.
    #[error("a Message-ID is <left@right>, of letters, digits and .-_+= on both sides")]
    MessageId,
    /// The parts do not make a message.
    #[error("the letter cannot be put together")]
    Compose {
        /// What the composer said.
        #[source]
        source: lettre::error::Error,
    },
}

/// Why a mail address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Not an address.
    #[error("this is not a mail address: write it as name@example.com")]
    Unreadable {
        /// What the reader said.
        #[source]
        source: lettre::address::AddressError,
    },
    /// A line break in the name.
    #[error("the name before a mail address holds a line break or control character: write it in one line")]
    ControlCharacter,
    /// Letters most servers do not take.
    #[error("a mail address is written in ASCII: give the domain in its xn-- form")]
    NotAscii,
}

/// Why a mail server's settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not a host name.
    #[error("this is not a host: write only the name, as mail.example.com, and the port apart from it")]
    Host {
        /// What the reader said.
        #[source]
        source: url::ParseError,
    },
    /// Nothing.
    #[error("the mail server has no name: write it as mail.example.com")]
    NoHost,
    /// Port 0.
    #[error("port 0 cannot be connected to: 465 and 587 are usual")]
    Port,
}
