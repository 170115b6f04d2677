//! How a request can fail, and the one thing that matters after: may it have been heard?

use std::error::Error;

use super::gate::GateError;
use super::{Refused, RequestError, StatusCode};

/// How a request failed. No text repeats the address's secret parts or anything the far side said.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The target may not be reached; nothing was sent.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The request could not be put together; nothing was sent.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The name has no address.
    #[error("the host name could not be resolved: check its spelling")]
    Name {
        /// What the resolver said.
        #[source]
        source: reqwest::Error,
    },
    /// Nobody answers there.
    #[error("no connection: check host and port, and whether a firewall stands between")]
    Connect {
        /// What the network said.
        #[source]
        source: reqwest::Error,
    },
    /// The other side could not show who it is.
    #[error(
        "no trust: check that the certificate is valid for this host, or give the authority that signed it"
    )]
    Tls {
        /// What the TLS library said.
        #[source]
        source: reqwest::Error,
    },
    /// Time ran out.
    #[error("no answer in time while {phase}: try again later, or ask for less at once")]
    Timeout {
        /// What was going on.
        phase: Phase,
    },
    /// The connection ended, or the answer made no sense, after the request was on its way.
    #[error(
        "the answer broke off or cannot be read: look whether the request took effect before sending it again"
    )]
    Lost {
        /// What the network said.
        #[source]
        source: reqwest::Error,
    },
    /// The answer's body is larger than allowed.
    #[error("the answer is larger than {limit} bytes: ask for less at once")]
    TooLarge {
        /// What the other side answered before its body.
        status: StatusCode,
        /// How many bytes would have been read.
        limit: usize,
    },
    /// A redirect, which is never followed.
    #[error("the address redirects ({status}): write down the address it leads to")]
    Redirected {
        /// Which kind of redirect.
        status: StatusCode,
    },
}

/// What was going on when time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Phase {
    /// Resolving, connecting or the TLS handshake.
    #[error("connecting")]
    Connecting,
    /// Anything after, so that the request may have been heard.
    #[error("waiting for the answer")]
    Answering,
}

impl EgressError {
    /// Whether any of the request may have reached the other side. `false`: it is safe to send it again. `true`: what
    /// it asked for may have happened, so look first (hazard H3).
    pub fn request_was_written(&self) -> bool {
        match self {
            Self::Refused(_)
            | Self::Request(_)
            | Self::Name { .. }
            | Self::Connect { .. }
            | Self::Tls { .. } => false,
            Self::Timeout { phase } => *phase == Phase::Answering,
            Self::Lost { .. } | Self::TooLarge { .. } | Self::Redirected { .. } => true,
        }
    }

    /// A stable code for events and answers.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => "egress.refused",
            Self::Request(_) => "egress.request",
            Self::Name { .. } => "egress.name",
            Self::Connect { .. } => "egress.connect",
            Self::Tls { .. } => "egress.tls",
            Self::Timeout { .. } => "egress.timeout",
            Self::Lost { .. } => "egress.lost",
            Self::TooLarge { .. } => "egress.too_large",
            Self::Redirected { .. } => "egress.redirected",
        }
    }

    /// Reads an error that came instead of an answer. Whatever is not surely from before the request counts as after.
    pub(super) fn instead_of_answer(error: reqwest::Error) -> Self {
        let source = error.without_url(); // The URL may carry a credential.
        let timed_out = source.is_timeout();
        if !source.is_connect() {
            return if timed_out { Self::Timeout { phase: Phase::Answering } } else { Self::Lost { source } };
        }
        match find::<GateError>(&source) {
            Some(GateError::Refused(why)) => return Self::Refused(*why),
            Some(GateError::Name { .. }) => return Self::Name { source },
            None => {}
        }
        if find::<rustls::Error>(&source).is_some() {
            return Self::Tls { source };
        }
        if timed_out { Self::Timeout { phase: Phase::Connecting } } else { Self::Connect { source } }
    }

    /// Reads an error that came while the answer's body was read.
    pub(super) fn within_answer(error: reqwest::Error) -> Self {
        let source = error.without_url();
        if source.is_timeout() { Self::Timeout { phase: Phase::Answering } } else { Self::Lost { source } }
    }
}

/// Looks through a chain of causes. An `io::Error` hides what it was made from until asked.
pub(crate) fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// Why the egress client could not be built from its configuration.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Not PEM.
    #[error("the extra certificates cannot be read: give them in PEM")]
    Pem {
        /// What the reader said.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// PEM, but no certificate in it.
    #[error("the file of extra certificates holds none: give at least one in PEM")]
    NoCertificate,
    /// Not usable as a root.
    #[error("an extra certificate cannot be trusted as a root: give the authority's own certificate")]
    Root {
        /// What the TLS library said.
        #[source]
        source: rustls::Error,
    },
    /// Connecting may take as long as all together.
    #[error("the connect time-out must be shorter than the total one, and neither may be zero")]
    Timeouts,
    /// The http client refused its settings.
    #[error("the http client cannot be built")]
    Client {
        /// What it said.
        #[source]
        source: reqwest::Error,
    },
}
