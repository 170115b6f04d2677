//! The manifests there are: those built in, and those an operator put into a folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::catalog::{CatalogEntry, catalog};
use super::generic::{self, ConfigMistake, http_json, prometheus};
use super::manifest::{Manifest, Mistake, SourceType};

/// The manifests built into the program, by file name.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("aws-security-hub.toml", include_str!("../../connectors/aws-security-hub.toml")),
    ("crowdstrike-falcon.toml", include_str!("../../connectors/crowdstrike-falcon.toml")),
    ("defender-for-endpoint.toml", include_str!("../../connectors/defender-for-endpoint.toml")),
    ("entra-id.toml", include_str!("../../connectors/entra-id.toml")),
    ("github-advanced-security.toml", include_str!("../../connectors/github-advanced-security.toml")),
    ("google-workspace.toml", include_str!("../../connectors/google-workspace.toml")),
    ("jira.toml", include_str!("../../connectors/jira.toml")),
    ("knowbe4.toml", include_str!("../../connectors/knowbe4.toml")),
    ("okta.toml", include_str!("../../connectors/okta.toml")),
    ("palo-alto-ngfw.toml", include_str!("../../connectors/palo-alto-ngfw.toml")),
    ("proofpoint-tap.toml", include_str!("../../connectors/proofpoint-tap.toml")),
    ("qualys-vmdr.toml", include_str!("../../connectors/qualys-vmdr.toml")),
    ("sentinelone.toml", include_str!("../../connectors/sentinelone.toml")),
    ("servicenow.toml", include_str!("../../connectors/servicenow.toml")),
    ("splunk-es.toml", include_str!("../../connectors/splunk-es.toml")),
    ("tenable-io.toml", include_str!("../../connectors/tenable-io.toml")),
];

/// All vendors by id.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    manifests: BTreeMap<String, Arc<Manifest>>,
}

/// What reads a vendor's values.
#[derive(Debug, Clone)]
pub enum Connector {
    /// A manifest that holds for all sources of the vendor.
    Vendor(Arc<Manifest>),
    /// Each source has a manifest of its own, made of its configuration.
    Own(fn(&serde_json::Value) -> Result<Manifest, Vec<ConfigMistake>>),
    /// Nothing: values come by themselves.
    Receiving,
}

impl Connector {
    /// What type its sources are of.
    pub fn source_type(&self) -> SourceType {
        match self {
            Self::Vendor(manifest) => manifest.source_type,
            Self::Own(_) | Self::Receiving => SourceType::Generic,
        }
    }
}

/// Why the manifests cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A manifest has a mistake.
    #[error(transparent)]
    Mistake(#[from] Mistake),
    /// The folder or a file in it cannot be opened.
    #[error("{path} cannot be read: check that it is there and may be opened")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

impl Registry {
    /// The built-in vendors, and those of the operator's folder; one of the same id takes the built-in's place.
    pub fn open(folder: Option<&Path>) -> Result<Self, RegistryError> {
        let mut registry = Self::default();
        for (file, text) in BUILT_IN {
            registry.add(Manifest::parse(file, text)?);
        }
        if let Some(folder) = folder {
            registry.read(folder)?;
        }
        Ok(registry)
    }

    /// The manifest of a vendor.
    pub fn find(&self, vendor: &str) -> Option<&Arc<Manifest>> {
        self.manifests.get(vendor)
    }

    /// What reads a vendor's values, where there is anything of that name.
    pub fn connector(&self, vendor: &str) -> Option<Connector> {
        match vendor {
            "http-json" => Some(Connector::Own(http_json::read)),
            "prometheus" => Some(Connector::Own(prometheus::read)),
            "csv" | "push" => Some(Connector::Receiving),
            vendor => self.find(vendor).map(|manifest| Connector::Vendor(Arc::clone(manifest))),
        }
    }

    /// Every manifest, by vendor id.
    pub fn all(&self) -> impl Iterator<Item = &Manifest> {
        self.manifests.values().map(AsRef::as_ref)
    }

    /// Everything there is to connect to: the vendors, then the generic connectors.
    pub fn catalog(&self) -> Vec<CatalogEntry> {
        let mut catalog = catalog(&self.all().collect::<Vec<_>>());
        catalog.extend(generic::catalog());
        catalog
    }

    fn add(&mut self, manifest: Manifest) {
        self.manifests.insert(manifest.vendor.clone(), Arc::new(manifest));
    }

    fn read(&mut self, folder: &Path) -> Result<(), RegistryError> {
        let unreadable = |path: &Path| {
            let path = path.display().to_string();
            move |source| RegistryError::File { path, source }
        };
        let listed = std::fs::read_dir(folder).map_err(unreadable(folder))?;
        let entries = listed.collect::<Result<Vec<_>, _>>().map_err(unreadable(folder))?;
        let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.extension().is_some_and(|e| e == "toml")) {
            let text = std::fs::read_to_string(path).map_err(unreadable(path))?;
            self.add(Manifest::parse(&path.display().to_string(), &text)?);
        }
        Ok(())
    }
}
