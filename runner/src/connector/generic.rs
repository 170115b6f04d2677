//! Connectors for what has no manifest: any JSON over HTTP, Prometheus, uploaded files and pushed values.

pub mod http_json;
pub mod prometheus;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::catalog::{CatalogEntry, CatalogField};
use super::expression::Expression;
use super::manifest::{Auth, Direction, Field, Format, Kri, Manifest, Paging, Request, SourceType};
use super::slug::Slug;
use super::template::{Template, TemplateError};

/// The most values one such source reads.
pub const MOST_VALUES: usize = 50;

/// A mistake in a source's own configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{pointer}: {reason}")]
pub struct ConfigMistake {
    /// A JSON pointer into the configuration.
    pub pointer: String,
    /// What is wrong and what to write instead.
    pub reason: String,
}

impl ConfigMistake {
    fn new(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), reason: reason.into() }
    }
}

/// How a generic source shows who asks; the secrets are in the credentials under the names given here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum GenericAuth {
    /// Not at all.
    #[default]
    None,
    /// `Authorization: Bearer …`, credential `token`.
    Bearer,
    /// A header, credential `value`, after a prefix.
    Header {
        /// The header's name.
        name: String,
        /// What stands before the credential, such as `Token `.
        #[serde(default)]
        prefix: String,
    },
    /// `Authorization: Basic …`, credential `password`.
    Basic {
        /// The user.
        username: String,
    },
    /// A parameter of the query, credential `value`.
    Query {
        /// The parameter's name.
        name: String,
    },
}

/// What the catalog says of the generic connectors.
pub fn catalog() -> Vec<CatalogEntry> {
    vec![
        entry(
            "http-json",
            "JSON over HTTP",
            "custom",
            &[
                ("url", "URL", false),
                ("values", "Values: slug and jq expression", false),
                ("token", "Token or password", true),
            ],
        ),
        entry(
            "prometheus",
            "Prometheus",
            "custom",
            &[
                ("url", "URL", false),
                ("queries", "Queries: slug and PromQL", false),
                ("token", "Token or password", true),
            ],
        ),
        entry("csv", "CSV upload", "none", &[]),
        entry("push", "Pushed values", "none", &[]),
    ]
}

fn entry(vendor: &str, name: &str, auth_type: &'static str, fields: &[(&str, &str, bool)]) -> CatalogEntry {
    let field = |(key, label, secret): &(&str, &str, bool)| CatalogField {
        key: (*key).to_owned(),
        label: (*label).to_owned(),
        secret: *secret,
        required: !*secret,
        default: None,
        help: None,
    };
    CatalogEntry {
        vendor: vendor.to_owned(),
        source_type: SourceType::Generic,
        name: name.to_owned(),
        base_url: String::new(),
        auth_type,
        fields: fields.iter().map(field).collect(),
        kris: Vec::new(),
    }
}

impl GenericAuth {
    /// The auth and the fields it needs.
    fn into_auth(self) -> Result<(Auth, Vec<Field>), TemplateError> {
        let secret = |key: &str| Template::parse(&format!("${{secret.{key}}}"));
        Ok(match self {
            Self::None => (Auth::None, Vec::new()),
            Self::Bearer => (Auth::Bearer { token: secret("token")? }, vec![field("token")]),
            Self::Header { name, prefix } => {
                let value = Template::literal(&prefix).and(secret("value")?);
                (Auth::Header { name: name.to_ascii_lowercase(), value }, vec![field("value")])
            }
            Self::Basic { username } => {
                let username = Template::literal(&username);
                (Auth::Basic { username, password: secret("password")? }, vec![field("password")])
            }
            Self::Query { name } => (Auth::Query { name, value: secret("value")? }, vec![field("value")]),
        })
    }
}

fn field(key: &str) -> Field {
    Field {
        key: key.to_owned(),
        label: key.to_owned(),
        secret: true,
        required: true,
        default: None,
        help: None,
    }
}

/// A manifest of one source's own making.
fn manifest(
    vendor: &str,
    base_url: &str,
    auth: GenericAuth,
    (requests, kris): (Vec<Request>, Vec<Kri>),
) -> Result<Manifest, ConfigMistake> {
    let (auth, fields) = auth.into_auth().map_err(|error| ConfigMistake::new("/auth", error.to_string()))?;
    Ok(Manifest {
        vendor: vendor.to_owned(),
        name: vendor.to_owned(),
        source_type: SourceType::Generic,
        base_url: Template::literal(base_url),
        base_url_text: base_url.to_owned(),
        auth,
        fields,
        headers: Vec::new(),
        reset_header: None,
        wait_header: None,
        wait_statuses: Vec::new(),
        requests,
        kris,
    })
}

/// A request of one page that reads a JSON document.
fn request(id: &str, reads: &str, path: &str) -> Request {
    Request {
        id: id.to_owned(),
        reads: reads.to_owned(),
        method: super::fetch::Method::Get,
        base_url: None,
        path: Template::literal(path),
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        form: Vec::new(),
        after: Vec::new(),
        from: Vec::new(),
        each: None,
        items: None,
        each_has: Vec::new(),
        require: None,
        total: None,
        total_header: None,
        paging: Paging::Single,
        most_pages: 100,
        poll: None,
        format: Format::Json,
        permission: None,
    }
}

/// A KRI whose thresholds are the tenant's own affair.
fn kri(slug: Slug, need: &str, value: Expression) -> Kri {
    Kri {
        name: slug.as_str().to_owned(),
        slug,
        unit: String::new(),
        direction: Direction::HigherIsWorse,
        warn: Decimal::ZERO,
        critical: Decimal::ONE,
        needs: vec![need.to_owned()],
        population: None,
        value,
    }
}

fn slug(pointer: &str, text: &str) -> Result<Slug, ConfigMistake> {
    Slug::parse(text).map_err(|error| ConfigMistake::new(pointer, error.to_string()))
}

fn expression(pointer: &str, text: &str) -> Result<Expression, ConfigMistake> {
    Expression::parse(text)
        .map_err(|error| ConfigMistake::new(pointer, format!("{error} (at character {})", error.offset)))
}

/// A URL cut into its base, its path and its query.
fn url(pointer: &str, text: &str) -> Result<url::Url, ConfigMistake> {
    let wrong = || {
        ConfigMistake::new(
            pointer,
            "a URL is written like https://example.com/path, without user and password",
        )
    };
    let url = url::Url::parse(text.trim()).map_err(|_| wrong())?;
    let fits = matches!(url.scheme(), "https" | "http") && url.has_host();
    if fits && url.username().is_empty() && url.password().is_none() { Ok(url) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests;
