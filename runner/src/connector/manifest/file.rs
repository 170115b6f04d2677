//! A manifest as it is written, before it is checked. Unknown keys are refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Direction, SourceType};
use crate::connector::fetch::Method;

/// A text that knows where it stands.
pub(super) type Text = Spanned<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManifestFile {
    pub(super) vendor: Text,
    pub(super) name: Text,
    pub(super) source_type: SourceType,
    pub(super) base_url: Text,
    pub(super) auth: Spanned<AuthFile>,
    #[serde(default)]
    pub(super) fields: Vec<FieldFile>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Text>,
    pub(super) reset_header: Option<String>,
    pub(super) wait_header: Option<String>,
    #[serde(default)]
    pub(super) wait_statuses: Vec<u16>,
    pub(super) requests: Vec<Spanned<RequestFile>>,
    pub(super) kris: Vec<Spanned<KriFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthFile {
    pub(super) kind: Text,
    pub(super) token: Option<Text>,
    pub(super) name: Option<Text>,
    pub(super) value: Option<Text>,
    pub(super) username: Option<Text>,
    pub(super) password: Option<Text>,
    pub(super) token_url: Option<Text>,
    pub(super) client_id: Option<Text>,
    pub(super) client_secret: Option<Text>,
    pub(super) scope: Option<Text>,
    pub(super) client_in: Option<Text>,
    pub(super) key: Option<Text>,
    pub(super) subject: Option<Text>,
    pub(super) access_key: Option<Text>,
    pub(super) secret_key: Option<Text>,
    pub(super) region: Option<Text>,
    pub(super) service: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldFile {
    pub(super) key: Text,
    pub(super) label: String,
    #[serde(default)]
    pub(super) secret: bool,
    pub(super) required: Option<bool>,
    pub(super) default: Option<Text>,
    pub(super) help: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestFile {
    pub(super) id: Text,
    pub(super) reads: String,
    pub(super) method: Option<Method>,
    pub(super) base_url: Option<Text>,
    pub(super) path: Text,
    #[serde(default)]
    pub(super) query: BTreeMap<String, Text>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Text>,
    pub(super) body: Option<Text>,
    #[serde(default)]
    pub(super) form: BTreeMap<String, Text>,
    #[serde(default)]
    pub(super) after: Vec<Text>,
    #[serde(default)]
    pub(super) from: BTreeMap<String, Text>,
    pub(super) each: Option<EachFile>,
    pub(super) items: Option<Text>,
    #[serde(default)]
    pub(super) each_has: Vec<String>,
    pub(super) require: Option<Text>,
    pub(super) total: Option<Text>,
    pub(super) total_header: Option<String>,
    pub(super) page: Option<Spanned<PageFile>>,
    pub(super) most_pages: Option<Spanned<u32>>,
    pub(super) poll: Option<PollFile>,
    pub(super) xml_lists: Option<Vec<String>>,
    pub(super) permission: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EachFile {
    pub(super) values: Text,
    pub(super) batch: Option<Spanned<usize>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageFile {
    pub(super) kind: Text,
    pub(super) next: Option<Text>,
    pub(super) param: Option<Text>,
    pub(super) body_member: Option<Text>,
    pub(super) first: Option<u64>,
    pub(super) size: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PollFile {
    pub(super) until: Text,
    pub(super) failed: Option<Text>,
    pub(super) wait_seconds: u64,
    pub(super) times: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KriFile {
    pub(super) slug: Text,
    pub(super) name: String,
    pub(super) unit: Text,
    pub(super) direction: Direction,
    pub(super) warn: Text,
    pub(super) critical: Text,
    pub(super) needs: Vec<Text>,
    pub(super) population: Option<Text>,
    pub(super) value: Text,
}
