//! Where the next page is, in each of the ways vendors say so.

use jaq_json::Val;
use url::Url;

use super::{Gatherer, Pages, link, shape};
use crate::connector::document;
use crate::connector::exchange::Ask;
use crate::connector::expression::Expression;
use crate::connector::fetch::FetchedResponse;
use crate::connector::manifest::{Paging, Request};
use crate::connector::question::Page;
use crate::connector::report::Trouble;

impl Gatherer<'_> {
    /// Where the next page is, with a mark that no two pages share; nothing after the last one.
    pub(super) async fn next(
        &self,
        request: &Request,
        (ask, answer, read): (&Ask, &FetchedResponse, Val),
        pages: &Pages,
        came: u64,
    ) -> Result<Option<(Page, String)>, Trouble> {
        let counted = |size: u64| match pages.total {
            Some(total) => came > 0 && pages.count() < total,
            None => came >= size,
        };
        Ok(match &request.paging {
            Paging::Single => None,
            Paging::Link => link::next(answer).map(|next| at(ask, &next)).transpose()?,
            Paging::NextUrl(next) => match self.text(next, read).await? {
                Some(next) => Some(at(ask, &next)?),
                None => None,
            },
            Paging::Cursor(next, cursor) => {
                self.text(next, read).await?.map(|value| (Page::cursor(cursor, value.clone()), value))
            }
            Paging::Number { param, first, size } => counted(*size).then(|| {
                let number = pages_read(pages.count(), *size).saturating_add(*first).to_string();
                (Page::With(param.clone(), number.clone()), number)
            }),
            Paging::Offset { param, size } => counted(*size).then(|| {
                let offset = pages.count().to_string();
                (Page::With(param.clone(), offset.clone()), offset)
            }),
        })
    }

    async fn text(&self, expression: &Expression, read: Val) -> Result<Option<String>, Trouble> {
        let value = self.one(expression, read).await?;
        match value {
            Val::Null | Val::Bool(false) => Ok(None),
            Val::Bool(true) | Val::Num(_) | Val::BStr(_) | Val::TStr(_) | Val::Arr(_) | Val::Obj(_) => {
                let text = document::as_text(&value)
                    .ok_or_else(|| shape("the answer's next page cannot be read"))?;
                Ok(Some(text).filter(|text| !text.is_empty()))
            }
        }
    }
}

/// How many full pages that many items are.
fn pages_read(items: u64, size: u64) -> u64 {
    items.div_ceil(size.max(1))
}

/// The next page's URL; a vendor may not send us, and our credentials, to another host.
fn at(ask: &Ask, next: &str) -> Result<(Page, String), Trouble> {
    let next: Url = ask.url.join(next).map_err(|_| shape("the answer's next page cannot be read"))?;
    if next.origin() != ask.url.origin() {
        return Err(shape("the answer's next page is on another host, where credentials do not go"));
    }
    let mark = next.to_string();
    Ok((Page::At(next), mark))
}
