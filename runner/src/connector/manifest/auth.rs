//! How requests show who asks.

use crate::connector::template::Template;

/// The ways of authentication; every secret is named by a template over `${secret.…}` and `${config.…}`.
#[derive(Debug)]
pub enum Auth {
    /// Nobody asks who we are.
    None,
    /// `Authorization: Bearer …`.
    Bearer {
        /// The token.
        token: Template,
    },
    /// A header of any name.
    Header {
        /// Its lower-case name.
        name: String,
        /// Its value with any prefix.
        value: Template,
    },
    /// `Authorization: Basic …` (RFC 7617).
    Basic {
        /// The user.
        username: Template,
        /// The password.
        password: Template,
    },
    /// A key in the query.
    Query {
        /// The parameter.
        name: String,
        /// Its value.
        value: Template,
    },
    /// OAuth 2.0 client credentials (RFC 6749 section 4.4): a token minted each run and never stored.
    ClientCredentials {
        /// Where tokens are minted.
        token_url: Template,
        /// The client.
        client_id: Template,
        /// Its secret.
        client_secret: Template,
        /// The scope asked for, when the vendor wants one.
        scope: Option<Template>,
        /// Where the client's secret stands.
        style: ClientStyle,
    },
    /// A Google service account acting for an administrator (RFC 7523, domain-wide delegation).
    ServiceAccount {
        /// Where tokens are minted.
        token_url: Template,
        /// The key file Google hands out, whole, as JSON.
        key: Template,
        /// The administrator.
        subject: Template,
        /// The scopes asked for, separated by blanks.
        scope: String,
    },
    /// AWS Signature Version 4.
    AwsSigV4 {
        /// The access key's id.
        access_key: Template,
        /// The access key.
        secret_key: Template,
        /// The region.
        region: Template,
        /// The service, as it is signed.
        service: String,
    },
}

/// Where a client's id and secret stand in a token request (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientStyle {
    /// In the form.
    Form,
    /// In a Basic header.
    Basic,
}

impl Auth {
    /// The kind as it stands in manifests and in the catalog.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bearer { .. } => "bearer",
            Self::Header { .. } => "header",
            Self::Basic { .. } => "basic",
            Self::Query { .. } => "query",
            Self::ClientCredentials { .. } => "oauth2_client_credentials",
            Self::ServiceAccount { .. } => "google_service_account",
            Self::AwsSigV4 { .. } => "aws_sigv4",
        }
    }
}
