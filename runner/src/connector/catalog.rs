//! The catalog: what there is to connect to, made of the manifests (product.md section 2).

use rust_decimal::Decimal;
use serde::Serialize;

use super::manifest::{Direction, Field, Kri, Manifest, SourceType};
use super::slug::Slug;

/// One vendor as the catalog shows it.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogEntry {
    /// The vendor's id.
    pub vendor: String,
    /// What kind of tool it is.
    pub source_type: SourceType,
    /// The vendor's name.
    pub name: String,
    /// Where it answers; a part in `${config.…}` is filled from the fields.
    pub base_url: String,
    /// How requests show who asks.
    pub auth_type: &'static str,
    /// What the tenant supplies.
    pub fields: Vec<CatalogField>,
    /// What it measures.
    pub kris: Vec<CatalogKri>,
}

/// Something the tenant supplies.
#[expect(
    clippy::struct_excessive_bools,
    reason = "secret and required are two questions of the catalog's contract"
)]
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogField {
    /// Its key.
    pub key: String,
    /// What people see.
    pub label: String,
    /// Whether it is sealed and never shown again.
    pub secret: bool,
    /// Whether the source cannot do without.
    pub required: bool,
    /// What it is when nothing is said.
    pub default: Option<String>,
    /// Where to find it.
    pub help: Option<String>,
}

/// A KRI a vendor can write.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogKri {
    /// Its slug.
    pub slug: Slug,
    /// What people see.
    pub name: String,
    /// What it counts in.
    pub unit: String,
    /// Which way is worse.
    pub direction: Direction,
    /// A threshold to start from.
    #[serde(with = "rust_decimal::serde::str")]
    #[schemars(with = "String")]
    pub suggested_warn: Decimal,
    /// A threshold to start from.
    #[serde(with = "rust_decimal::serde::str")]
    #[schemars(with = "String")]
    pub suggested_critical: Decimal,
}

/// The catalog of these manifests, in their order.
pub fn catalog(manifests: &[&Manifest]) -> Vec<CatalogEntry> {
    manifests.iter().map(|manifest| CatalogEntry::from(*manifest)).collect()
}

impl From<&Manifest> for CatalogEntry {
    fn from(manifest: &Manifest) -> Self {
        Self {
            vendor: manifest.vendor.clone(),
            source_type: manifest.source_type,
            name: manifest.name.clone(),
            base_url: manifest.base_url_text.clone(),
            auth_type: manifest.auth.kind(),
            fields: manifest.fields.iter().map(CatalogField::from).collect(),
            kris: manifest.kris.iter().map(CatalogKri::from).collect(),
        }
    }
}

impl From<&Field> for CatalogField {
    fn from(field: &Field) -> Self {
        Self {
            key: field.key.clone(),
            label: field.label.clone(),
            secret: field.secret,
            required: field.required,
            default: field.default.clone(),
            help: field.help.clone(),
        }
    }
}

impl From<&Kri> for CatalogKri {
    fn from(kri: &Kri) -> Self {
        Self {
            slug: kri.slug.clone(),
            name: kri.name.clone(),
            unit: kri.unit.clone(),
            direction: kri.direction,
            suggested_warn: kri.warn,
            suggested_critical: kri.critical,
        }
    }
}
