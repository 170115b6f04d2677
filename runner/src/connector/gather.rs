//! Gathers the answer to one request: every page, every round, whole or not at all.

mod link;
mod next;

use std::collections::{BTreeMap, BTreeSet};

use jaq_json::Val;

use super::document;
use super::exchange::{Ask, Exchange};
use super::expression::{EvaluationError, Expression, Scope, decimal_of};
use super::fetch::FetchedResponse;
use super::manifest::{Poll, Request};
use super::question::{Page, Place};
use super::report::{ErrorClass, Trouble};

/// The most rounds of one request.
const MOST_ROUNDS: usize = 5_000;

/// One run's gathering.
pub(crate) struct Gatherer<'a> {
    pub(crate) exchange: Exchange<'a>,
    pub(crate) scope: Scope,
    pub(crate) base_url: Option<&'a str>,
    pub(crate) items_seen: u64,
    /// For a test of the connection: one page of one round is enough.
    pub(crate) first_page_only: bool,
}

/// The pages of one round.
#[derive(Default)]
struct Pages {
    items: Vec<Val>,
    document: Val,
    total: Option<u64>,
}

impl Gatherer<'_> {
    /// The whole answer to a request, given the answers to those before it.
    pub(crate) async fn gather(
        &mut self,
        request: &Request,
        before: &BTreeMap<String, Val>,
    ) -> Result<Val, Trouble> {
        let earlier = document::object(
            request.after.iter().filter_map(|id| before.get(id).map(|answer| (id.clone(), answer.clone()))),
        );
        let mut from = BTreeMap::new();
        for (name, expression) in &request.from {
            let value = self.one(expression, earlier.clone()).await?;
            let text = document::as_text(&value)
                .ok_or_else(|| shape("an earlier answer lacks what this request needs"))?;
            from.insert(name.clone(), text);
        }
        let Some(each) = &request.each else {
            let place = Place { base_url: self.base_url, from: &from, each: &[] };
            let pages = self.pages(request, &place).await?;
            return Ok(pages.answer(request));
        };
        let values = self.all(&each.values, earlier).await?;
        let texts = values.iter().map(document::as_text).collect::<Option<Vec<_>>>();
        let texts = texts.ok_or_else(|| shape("an earlier answer lacks what this request needs"))?;
        let rounds = texts.len().div_ceil(each.batch.max(1));
        if rounds > MOST_ROUNDS {
            return Err(Trouble::new(
                ErrorClass::Partial,
                format!("it would take {rounds} requests: narrow the source"),
            ));
        }
        let mut gathered = Vec::new();
        for round in texts.chunks(each.batch.max(1)) {
            let place = Place { base_url: self.base_url, from: &from, each: round };
            let pages = self.pages(request, &place).await?;
            if request.items.is_some() {
                gathered.extend(pages.items);
            } else {
                gathered.push(pages.document);
            }
            if self.first_page_only {
                break;
            }
        }
        Ok(gathered.into_iter().collect())
    }

    async fn pages(&mut self, request: &Request, place: &Place<'_>) -> Result<Pages, Trouble> {
        let mut pages = Pages::default();
        let mut page = Page::First;
        let mut seen = BTreeSet::new();
        for _ in 0..request.most_pages {
            let ask = place.ask(&self.exchange, request, &page)?;
            let (answer, read) = self.page(request, &ask).await?;
            let came = self.take(request, &mut pages, read.clone(), &answer).await?;
            if self.first_page_only {
                return Ok(pages);
            }
            let Some((next, mark)) = self.next(request, (&ask, &answer, read), &pages, came).await? else {
                return pages.complete();
            };
            if !seen.insert(mark) {
                return Err(shape("the vendor's pages go round in circles"));
            }
            page = next;
        }
        Err(Trouble::new(
            ErrorClass::Partial,
            format!("there are more than {} pages: narrow the source", request.most_pages),
        ))
    }

    /// One page, asked for until the vendor is done when it has to be polled.
    async fn page(&mut self, request: &Request, ask: &Ask) -> Result<(FetchedResponse, Val), Trouble> {
        let mut asked = 1;
        loop {
            let answer = self.exchange.ask(ask).await?;
            let read = document::read_apart(&request.format, answer.body.clone()).await;
            let read = read.map_err(|malformed| shape(&malformed.to_string()))?;
            let Some(poll) = &request.poll else { return Ok((answer, read)) };
            if self.first_page_only || self.truth(&poll.until, read.clone()).await? {
                return Ok((answer, read));
            }
            self.not_yet(poll, read, asked).await?;
            asked += 1;
        }
    }

    async fn not_yet(&mut self, poll: &Poll, read: Val, asked: u32) -> Result<(), Trouble> {
        if let Some(failed) = &poll.failed
            && self.truth(failed, read).await?
        {
            return Err(Trouble::new(
                ErrorClass::Server,
                "the vendor gave up on what was asked: try again later",
            ));
        }
        if asked >= poll.times {
            return Err(Trouble::new(
                ErrorClass::Timeout,
                "the vendor took too long to prepare the answer: try again later",
            ));
        }
        self.exchange.pause(poll.wait).await
    }

    /// Takes a page in and says how many items came with it.
    async fn take(
        &mut self,
        request: &Request,
        pages: &mut Pages,
        read: Val,
        answer: &FetchedResponse,
    ) -> Result<u64, Trouble> {
        if let Some(require) = &request.require
            && !self.truth(require, read.clone()).await?
        {
            return Err(Trouble::new(
                ErrorClass::Partial,
                "the vendor answered only a part of what was asked",
            ));
        }
        if let Some(total) = &request.total {
            pages.total = Some(whole(&self.one(total, read.clone()).await?)?);
        }
        if let Some(header) = &request.total_header {
            let total = answer.header(header).and_then(|text| text.trim().parse().ok());
            pages.total =
                Some(total.ok_or_else(|| shape("the answer does not say how much there is in all"))?);
        }
        let Some(items) = &request.items else {
            has_members(&read, &request.each_has)?;
            pages.document = read;
            return Ok(0);
        };
        let Val::Arr(items) = self.one(items, read).await? else {
            return Err(shape("the answer lacks the list it should have"));
        };
        items.iter().try_for_each(|item| has_members(item, &request.each_has))?;
        let came = u64::try_from(items.len()).unwrap_or(u64::MAX);
        self.items_seen = self.items_seen.saturating_add(came);
        pages.items.extend(items.iter().cloned());
        Ok(came)
    }

    async fn truth(&self, expression: &Expression, read: Val) -> Result<bool, Trouble> {
        match self.one(expression, read).await? {
            Val::Bool(truth) => Ok(truth),
            Val::Null | Val::Num(_) | Val::BStr(_) | Val::TStr(_) | Val::Arr(_) | Val::Obj(_) => {
                Err(shape("the answer lacks what tells whether it is whole"))
            }
        }
    }

    async fn one(&self, expression: &Expression, read: Val) -> Result<Val, Trouble> {
        expression.one_apart(read, &self.scope).await.map_err(Trouble::from)
    }

    async fn all(&self, expression: &Expression, read: Val) -> Result<Vec<Val>, Trouble> {
        expression.all_apart(read, &self.scope).await.map_err(Trouble::from)
    }
}

impl Pages {
    fn count(&self) -> u64 {
        u64::try_from(self.items.len()).unwrap_or(u64::MAX)
    }

    /// These pages, when they are as many items as the vendor said.
    fn complete(self) -> Result<Self, Trouble> {
        match self.total {
            Some(total) if self.count() < total => {
                let text = format!("the vendor has {total} and gave {}", self.count());
                Err(Trouble::new(ErrorClass::Partial, text))
            }
            Some(_) | None => Ok(self),
        }
    }

    fn answer(self, request: &Request) -> Val {
        if request.items.is_some() { self.items.into_iter().collect() } else { self.document }
    }
}

/// Every member of the dotted paths is there and not null: a missing one must not read as "no".
fn has_members(item: &Val, paths: &[String]) -> Result<(), Trouble> {
    let there = |path: &String| {
        let found = path.split('.').try_fold(item, |at, name| match at {
            Val::Obj(members) => members.get(&Val::from(name.to_owned())),
            Val::Null | Val::Bool(_) | Val::Num(_) | Val::BStr(_) | Val::TStr(_) | Val::Arr(_) => None,
        });
        !matches!(found, None | Some(Val::Null))
    };
    match paths.iter().find(|path| !there(path)) {
        None => Ok(()),
        Some(path) => Err(shape(&format!("the answer lacks `{path}`, without which nothing can be counted"))),
    }
}

fn whole(value: &Val) -> Result<u64, Trouble> {
    let number = decimal_of(value).filter(rust_decimal::Decimal::is_integer);
    number
        .and_then(|n| u64::try_from(n).ok())
        .ok_or_else(|| shape("the answer does not say how much there is in all"))
}

fn shape(text: &str) -> Trouble {
    Trouble::new(ErrorClass::Shape, text)
}

impl From<EvaluationError> for Trouble {
    fn from(error: EvaluationError) -> Self {
        Self::new(ErrorClass::Shape, error.to_string())
    }
}
