//! Checks the `[[kris]]`: slugs, thresholds that fit the direction, requests that exist.

use std::collections::BTreeSet;
use std::str::FromStr;

use rust_decimal::Decimal;
use toml::Spanned;

use super::{MOST, expression};
use crate::connector::manifest::file::{KriFile, Text};
use crate::connector::manifest::mistake::Source;
use crate::connector::manifest::{Direction, Kri, Mistake, Request};
use crate::connector::slug::Slug;

pub(super) fn kris(
    source: &Source<'_>,
    files: Vec<Spanned<KriFile>>,
    requests: &[Request],
) -> Result<Vec<Kri>, Mistake> {
    let mut seen = BTreeSet::new();
    let mut kris = Vec::new();
    for file in files {
        if kris.len() == MOST {
            return Err(source.at(&file, format!("at most {MOST} KRIs")));
        }
        let slug = &file.get_ref().slug;
        if !seen.insert(slug.get_ref().clone()) {
            return Err(source.at(slug, format!("the slug `{}` stands here twice", slug.get_ref())));
        }
        kris.push(kri(source, file.into_inner(), requests)?);
    }
    Ok(kris)
}

fn kri(source: &Source<'_>, file: KriFile, requests: &[Request]) -> Result<Kri, Mistake> {
    let slug = Slug::parse(file.slug.get_ref()).map_err(|error| source.at(&file.slug, error))?;
    let (warn, critical) = (decimal(source, &file.warn)?, decimal(source, &file.critical)?);
    match file.direction {
        Direction::HigherIsWorse if warn >= critical => {
            return Err(source.at(&file.warn, "higher_is_worse needs warn below critical"));
        }
        Direction::LowerIsWorse if warn <= critical => {
            return Err(source.at(&file.warn, "lower_is_worse needs warn above critical"));
        }
        Direction::HigherIsWorse | Direction::LowerIsWorse => {}
    }
    if file.needs.is_empty() {
        return Err(source.at(&file.slug, "a KRI needs at least one request"));
    }
    for need in &file.needs {
        if !requests.iter().any(|request| request.id == *need.get_ref()) {
            return Err(source.at(need, format!("there is no request `{}`", need.get_ref())));
        }
    }
    Ok(Kri {
        slug,
        name: file.name,
        unit: file.unit.into_inner(),
        direction: file.direction,
        warn,
        critical,
        needs: file.needs.into_iter().map(Spanned::into_inner).collect(),
        population: file.population.as_ref().map(|text| expression(source, text)).transpose()?,
        value: expression(source, &file.value)?,
    })
}

/// A threshold is written as text, so that it stays exact.
fn decimal(source: &Source<'_>, text: &Text) -> Result<Decimal, Mistake> {
    Decimal::from_str(text.get_ref())
        .map_err(|_| source.at(text, "a threshold is a decimal written as text, such as \"97.5\""))
}
