//! What an operator decides about reaching outside.

use std::time::Duration;

use rustls::pki_types::CertificateDer;

use super::AllowedNetworks;

/// What an operator decides about reaching outside; the default reaches the public internet and nothing else.
#[derive(Debug, Clone, Default)]
pub struct EgressConfig {
    /// Networks opened although they are not global.
    pub allow: AllowedNetworks,
    /// Certificate authorities trusted beside the public ones, for machines inside an organization.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How large things may be.
    pub limits: Limits,
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Resolving, connecting and the TLS handshake together. Must be shorter than `total`: it is what tells an error
    /// before the request was written from one after (hazard H3).
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// From the first step to the last byte of the answer.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(20),
            total: Duration::from_mins(1),
        }
    }
}

/// How large things may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// An answer's body, counted after decompression.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 16 * 1024 * 1024 }
    }
}
