//! Connectors for what has no manifest: any JSON over HTTP, Prometheus, uploaded files and pushed values.

pub mod http_json;
pub mod prometheus;

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

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
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum GenericAuth {
    /// Not at all.
    None {},
    /// `Authorization: Bearer …`, credential `token`.
    // Braces, though there is nothing within: serde refuses unknown fields of a tagged variant only where it has a body.
    Bearer {},
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
    let asking = [
        field_of("url", "URL", "Where to ask; it takes the place of a base URL"),
        CatalogField {
            required: false,
            ..field_of(
                "auth",
                "Authentication",
                "An object with its kind: none, bearer, header, basic or query",
            )
        },
        secret_of("token", "Token", "For the authentication bearer"),
        secret_of("value", "Value", "For the authentications header and query"),
        secret_of("password", "Password", "For the authentication basic"),
    ];
    let with = |key, label, help| asking.iter().cloned().chain([field_of(key, label, help)]).collect();
    let optional = |key, label, help| CatalogField { required: false, ..field_of(key, label, help) };
    let mut json: Vec<CatalogField> = with("values", "Values", "A list of slugs, each with a jq expression");
    json.push(optional("items", "Items", "A jq expression for the list in each page"));
    json.push(optional(
        "pages",
        "Pages",
        "An object with its kind: link, next_url, cursor, number or offset",
    ));
    let queries = with("queries", "Queries", "A list of slugs, each with a PromQL query");
    vec![
        entry("http-json", "JSON over HTTP", ("custom", json)),
        entry("prometheus", "Prometheus", ("custom", queries)),
        entry("csv", "CSV upload", ("none", Vec::new())),
        entry("push", "Pushed values", ("push_token", Vec::new())),
    ]
}

fn field_of(key: &str, label: &str, help: &str) -> CatalogField {
    CatalogField {
        key: key.to_owned(),
        label: label.to_owned(),
        secret: false,
        required: true,
        default: None,
        help: Some(help.to_owned()),
    }
}

fn secret_of(key: &str, label: &str, help: &str) -> CatalogField {
    CatalogField { secret: true, required: false, ..field_of(key, label, help) }
}

fn entry(vendor: &str, name: &str, (auth_type, fields): (&'static str, Vec<CatalogField>)) -> CatalogEntry {
    CatalogEntry {
        vendor: vendor.to_owned(),
        source_type: SourceType::Generic,
        name: name.to_owned(),
        base_url: String::new(),
        auth_type,
        fields,
        kris: Vec::new(),
    }
}

/// Reads a configuration, or says where it does not fit, without repeating what stands there: it counts as sensitive.
fn config<T: DeserializeOwned>(config: &serde_json::Value) -> Result<T, Vec<ConfigMistake>> {
    serde_path_to_error::deserialize(config).map_err(|error| {
        let path = error.path().iter().map(token).collect::<String>();
        let said = error.inner().to_string();
        let named = |opening: &str| said.strip_prefix(opening)?.split_once('`').map(|(name, _)| name);
        let (pointer, reason) = if let Some(name) = named("missing field `") {
            (format!("{path}/{name}"), "this is needed".to_owned())
        } else if let Some(name) = named("unknown field `") {
            let place = format!("/{}", escaped(name));
            let pointer = if path.ends_with(&place) { path } else { path + &place };
            (pointer, "there is no such setting".to_owned())
        } else if let Some((_, wanted)) = said.rsplit_once("expected ") {
            (path, format!("expected {wanted}"))
        } else {
            (path, "this does not fit".to_owned())
        };
        vec![ConfigMistake::new(pointer, reason)]
    })
}

fn token(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } | Segment::Enum { variant: key } => format!("/{}", escaped(key)),
        Segment::Unknown => String::new(),
    }
}

/// RFC 6901, section 3.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Default for GenericAuth {
    fn default() -> Self {
        Self::None {}
    }
}

impl GenericAuth {
    fn check(&self) -> Result<(), ConfigMistake> {
        let wrong = |place: &str, reason: &str| Err(ConfigMistake::new(format!("/auth/{place}"), reason));
        // RFC 9110, section 5.6.2, as far as header names are seen.
        let plain = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        };
        match self {
            Self::Header { name, .. } if !plain(name) => wrong("name", "a header such as X-Api-Key"),
            Self::Header { prefix, .. } if prefix.chars().any(char::is_control) => {
                wrong("prefix", "it must not contain control characters")
            }
            Self::Query { name } if name.is_empty() => wrong("name", "the name of a parameter"),
            Self::Basic { username } if username.contains(':') => {
                wrong("username", "it must not contain a colon (RFC 7617, section 2)")
            }
            Self::None {}
            | Self::Bearer {}
            | Self::Header { .. }
            | Self::Basic { .. }
            | Self::Query { .. } => Ok(()),
        }
    }

    /// The auth and the fields it needs.
    fn into_auth(self) -> Result<(Auth, Vec<Field>), TemplateError> {
        let secret = |key: &str| Template::parse(&format!("${{secret.{key}}}"));
        Ok(match self {
            Self::None {} => (Auth::None, Vec::new()),
            Self::Bearer {} => (Auth::Bearer { token: secret("token")? }, vec![field("token")]),
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
    auth.check()?;
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

/// Points at every value whose slug stands there before: nothing says which of the two holds.
fn doubles<'a>(list: &'a str, slugs: impl Iterator<Item = &'a str>) -> impl Iterator<Item = ConfigMistake> {
    let mut seen = BTreeSet::new();
    slugs.enumerate().filter(move |(_, slug)| !seen.insert(*slug)).map(move |(index, _)| {
        ConfigMistake::new(format!("/{list}/{index}/slug"), "this slug stands in the list twice")
    })
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
