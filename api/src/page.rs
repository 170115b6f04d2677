//! Lists: `limit` and `cursor`, stable under inserts (product.md section 7), beside each list's own filter.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use draxis_commands::{Caller, Permission};
use draxis_domain::{Position, TenantId};
use draxis_projections::{Archived, PageOf};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use crate::problem::Problem;
use crate::request::{Nothing, Query, parameters};

/// A query for a list: who asks, which page, and a filter of the list's own.
pub struct Listing<F> {
    /// Who asks.
    pub caller: Caller,
    /// What they must at least see.
    pub at_least: Option<Position>,
    /// Which page.
    pub page: PageOf,
    /// What the list is narrowed to.
    pub filter: F,
}

/// What a list answers when nobody says how much.
const USUAL: usize = 50;

/// Whether archived things are listed: `true` or `false`, as it stands in a query string.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(transparent)]
pub struct WithArchived(bool);

impl From<WithArchived> for Archived {
    fn from(asked: WithArchived) -> Self {
        if asked.0 { Self::Shown } else { Self::Hidden }
    }
}

impl<F> Listing<F> {
    /// The tenant, of a caller who may read it.
    pub fn tenant(&self) -> Result<TenantId, Problem> {
        self.caller.must(Permission::Read)?;
        Ok(self.caller.tenant()?)
    }
}

impl<F: DeserializeOwned + 'static> FromRequest for Listing<F> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { listing(&request).await })
    }
}

/// A query string cannot be flattened by serde, so the page's two parameters are taken out before the filter is read.
async fn listing<F: DeserializeOwned>(request: &HttpRequest) -> Result<Listing<F>, Problem> {
    let Query { caller, at_least, .. } = Query::<Nothing>::without_parameters(request).await?;
    let mut page = PageOf { cursor: None, limit: USUAL };
    let mut own = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        match name.as_ref() {
            "cursor" => page.cursor = Some(value.into_owned()),
            "limit" => page.limit = limit(&value)?,
            _ => {
                own.append_pair(&name, &value);
            }
        }
    }
    Ok(Listing { caller, at_least, page, filter: parameters(&own.finish())? })
}

fn limit(text: &str) -> Result<usize, Problem> {
    let limit = text.parse().ok().filter(|limit| (1..=PageOf::MOST).contains(limit));
    limit.ok_or_else(|| Problem::invalid_at("/limit", format!("must be from 1 to {}", PageOf::MOST)))
}
