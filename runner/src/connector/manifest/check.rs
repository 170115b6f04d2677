//! Checks a manifest as written and makes it one that can be run; every refusal carries its line.

mod auth;
mod kri;
mod request;

use std::collections::BTreeSet;

use super::file::{FieldFile, ManifestFile, Text};
use super::mistake::Source;
use super::{Field, Manifest, Mistake};
use crate::connector::expression::Expression;
use crate::connector::template::{Hole, Template};

/// The most requests, KRIs and fields a manifest may have.
const MOST: usize = 64;

pub(super) fn manifest(source: &Source<'_>) -> Result<Manifest, Mistake> {
    let file: ManifestFile = toml::from_str(source.text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        source.at_byte(at, error.message())
    })?;
    let vendor = vendor(source, &file.vendor)?;
    let fields = fields(source, file.fields)?;
    let room = Room { source, fields: &fields };
    let base_url = room.template(&file.base_url, &[Allowed::Config])?;
    if !["https://", "http://", "${config."].iter().any(|start| file.base_url.get_ref().starts_with(start)) {
        return Err(source.at(&file.base_url, "base_url starts with https:// or with a ${config.…}"));
    }
    let auth = auth::auth(&room, &file.auth)?;
    let headers = room.templates(file.headers, &[Allowed::Config])?;
    let requests = request::requests(&room, file.requests)?;
    let kris = kri::kris(source, file.kris, &requests)?;
    Ok(Manifest {
        vendor,
        name: file.name.into_inner(),
        source_type: file.source_type,
        base_url,
        base_url_text: file.base_url.into_inner(),
        auth,
        headers: headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
        reset_header: file.reset_header.map(|name| name.to_ascii_lowercase()),
        wait_header: file.wait_header.map(|name| name.to_ascii_lowercase()),
        wait_statuses: file.wait_statuses,
        requests,
        kris,
        fields,
    })
}

fn vendor(source: &Source<'_>, vendor: &Text) -> Result<String, Mistake> {
    let text = vendor.get_ref();
    let fits = (2..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    if fits {
        Ok(text.clone())
    } else {
        Err(source.at(vendor, "vendor is 2 to 63 of a-z, 0-9 and inner hyphens"))
    }
}

fn fields(source: &Source<'_>, files: Vec<FieldFile>) -> Result<Vec<Field>, Mistake> {
    let mut seen = BTreeSet::new();
    files
        .into_iter()
        .map(|file| {
            if !seen.insert(file.key.get_ref().clone()) {
                return Err(
                    source.at(&file.key, format!("the field `{}` stands here twice", file.key.get_ref()))
                );
            }
            if let Some(default) = file.default.as_ref().filter(|_| file.secret) {
                return Err(source.at(default, "a secret has no default"));
            }
            Ok(Field {
                key: file.key.into_inner(),
                label: file.label,
                secret: file.secret,
                required: file.required.unwrap_or(file.default.is_none()),
                default: file.default.map(toml::Spanned::into_inner),
                help: file.help,
            })
        })
        .collect()
}

/// What kind of hole a template may have where it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Allowed {
    Config,
    Secret,
    Now,
    From,
    Each,
}

/// A manifest being checked.
struct Room<'a> {
    source: &'a Source<'a>,
    fields: &'a [Field],
}

impl Room<'_> {
    fn template(&self, text: &Text, allowed: &[Allowed]) -> Result<Template, Mistake> {
        let template = Template::parse(text.get_ref()).map_err(|error| self.source.at(text, error))?;
        for hole in template.holes() {
            self.hole(text, hole, allowed)?;
        }
        Ok(template)
    }

    fn templates(
        &self,
        texts: impl IntoIterator<Item = (String, Text)>,
        allowed: &[Allowed],
    ) -> Result<Vec<(String, Template)>, Mistake> {
        texts.into_iter().map(|(name, text)| Ok((name, self.template(&text, allowed)?))).collect()
    }

    fn hole(&self, text: &Text, hole: &Hole, allowed: &[Allowed]) -> Result<(), Mistake> {
        let (kind, key, secret) = match hole {
            Hole::Config(key) => (Allowed::Config, Some(key), false),
            Hole::Secret(key) => (Allowed::Secret, Some(key), true),
            Hole::Now(..) => (Allowed::Now, None, false),
            Hole::From(_) => (Allowed::From, None, false),
            Hole::Each(_) => (Allowed::Each, None, false),
        };
        if !allowed.contains(&kind) {
            return Err(self.source.at(text, format!("{} may not stand here", kind.as_text())));
        }
        match key {
            Some(key) if !self.fields.iter().any(|field| field.key == *key && field.secret == secret) => {
                let secret = if secret { "true" } else { "false" };
                Err(self
                    .source
                    .at(text, format!("there is no field `{key}` with secret = {secret} in [[fields]]")))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn expression(&self, text: &Text) -> Result<Expression, Mistake> {
        expression(self.source, text)
    }
}

impl Allowed {
    fn as_text(self) -> &'static str {
        match self {
            Self::Config => "${config.…}",
            Self::Secret => "${secret.…}",
            Self::Now => "${now…}",
            Self::From => "${from.…}",
            Self::Each => "${each}",
        }
    }
}

fn expression(source: &Source<'_>, text: &Text) -> Result<Expression, Mistake> {
    Expression::parse(text.get_ref()).map_err(|error| source.within(text, error.offset, &error))
}
