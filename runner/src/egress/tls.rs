//! Whom to believe: the roots of the public web, and those an operator adds.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::BuildError;

/// Reads certificates as they are handed around, in PEM: one or several in one text.
pub fn roots_from_pem(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let roots: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|source| BuildError::Pem { source })?;
    if roots.is_empty() {
        return Err(BuildError::NoCertificate);
    }
    Ok(roots)
}

/// The public roots are compiled in, so that a bare machine without ca-certificates can speak TLS.
pub(super) fn client_config(extra_roots: &[CertificateDer<'static>]) -> Result<ClientConfig, BuildError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for root in extra_roots {
        roots.add(root.clone()).map_err(|source| BuildError::Root { source })?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|source| BuildError::Root { source })?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
