//! Any JSON over HTTP: a URL, and a jq expression for each value.

use serde::Deserialize;

use super::{
    ConfigMistake, GenericAuth, MOST_VALUES, config as read_config, doubles, expression, kri, manifest,
    request, slug, url,
};
use crate::connector::manifest::{Cursor, Manifest, Paging};
use crate::connector::template::Template;

/// A source's configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HttpJsonConfig {
    /// What to ask.
    pub url: String,
    /// Who asks.
    #[serde(default)]
    pub auth: GenericAuth,
    /// The list in a page, when there are pages; expressions then read the list of all items.
    pub items: Option<String>,
    /// How pages follow each other.
    pub pages: Option<Pages>,
    /// What to read.
    pub values: Vec<ValueConfig>,
}

/// How pages follow each other.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Pages {
    /// The `Link` header says.
    Link,
    /// An expression gives the next page's URL.
    NextUrl {
        /// The expression.
        next: String,
    },
    /// An expression gives a cursor for a parameter.
    Cursor {
        /// The expression.
        next: String,
        /// The parameter.
        param: String,
    },
    /// Pages are numbered from 1.
    Number {
        /// The parameter.
        param: String,
        /// Items on a full page.
        size: u64,
    },
    /// Items are counted.
    Offset {
        /// The parameter.
        param: String,
        /// Items on a full page.
        size: u64,
    },
}

/// One value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueConfig {
    /// The KRI it is written to.
    pub slug: String,
    /// What it is, as a jq expression over the document.
    pub value: String,
}

/// Makes the configuration something that can be run, or says all that is wrong with it.
pub fn read(config: &serde_json::Value) -> Result<Manifest, Vec<ConfigMistake>> {
    let config: HttpJsonConfig = read_config(config)?;
    let slugs = config.values.iter().take(MOST_VALUES).map(|value| value.slug.as_str());
    let mut mistakes: Vec<ConfigMistake> = doubles("values", slugs).collect();
    if config.values.is_empty() || config.values.len() > MOST_VALUES {
        mistakes.push(ConfigMistake::new("/values", format!("1 to {MOST_VALUES} values")));
    }
    let mut kris = Vec::new();
    for (index, value) in config.values.iter().enumerate().take(MOST_VALUES) {
        let slug = slug(&format!("/values/{index}/slug"), &value.slug);
        // A manifest's expressions read an object of all answers; here there is one, and it is the document.
        let read = expression(&format!("/values/{index}/value"), &value.value)
            .and_then(|_| expression("", &format!(".document | ({})", value.value)));
        match (slug, read) {
            (Ok(slug), Ok(read)) => kris.push(kri(slug, "document", read)),
            (slug, read) => mistakes.extend([slug.err(), read.err()].into_iter().flatten()),
        }
    }
    let url = url("/url", &config.url).map_err(|mistake| mistakes.push(mistake)).ok();
    let paging = paging(&config).map_err(|mistake| mistakes.push(mistake)).ok();
    let items = config.items.as_deref().map(|text| expression("/items", text)).transpose();
    let items = items.map_err(|mistake| mistakes.push(mistake)).ok();
    let (Some(url), Some(paging), Some(items), true) = (url, paging, items, mistakes.is_empty()) else {
        return Err(mistakes);
    };
    let mut document = request("document", "the document", url.path());
    document.query = url.query_pairs().map(|(n, v)| (n.into_owned(), Template::literal(&v))).collect();
    document.items = items;
    document.paging = paging;
    let base = url.origin().ascii_serialization();
    manifest("http-json", &base, config.auth, (vec![document], kris)).map_err(|mistake| vec![mistake])
}

fn paging(config: &HttpJsonConfig) -> Result<Paging, ConfigMistake> {
    let Some(pages) = &config.pages else { return Ok(Paging::Single) };
    if config.items.is_none() {
        return Err(ConfigMistake::new("/items", "pages need `items`, the list in each page"));
    }
    let next = |text: &str| expression("/pages/next", text);
    let full =
        |size: u64| if size > 0 { Ok(size) } else { Err(ConfigMistake::new("/pages/size", "at least 1")) };
    Ok(match pages {
        Pages::Link => Paging::Link,
        Pages::NextUrl { next: text } => Paging::NextUrl(next(text)?),
        Pages::Cursor { next: text, param } => Paging::Cursor(next(text)?, Cursor::Query(param.clone())),
        Pages::Number { param, size } => {
            Paging::Number { param: param.clone(), first: 1, size: full(*size)? }
        }
        Pages::Offset { param, size } => Paging::Offset { param: param.clone(), size: full(*size)? },
    })
}
