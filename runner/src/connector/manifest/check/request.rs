//! Checks the `[[requests]]`: order, paging, and that what they read from exists.

use std::time::Duration;

use toml::Spanned;

use super::{Allowed, MOST, Room};
use crate::connector::fetch::Method;
use crate::connector::manifest::file::{PageFile, PollFile, RequestFile, Text};
use crate::connector::manifest::{Cursor, Each, Format, Mistake, Paging, Poll, Request};
use crate::connector::template::{Hole, Template};

/// The most pages of one request, and the default.
const MOST_PAGES: u32 = 1_000;
const PAGES: u32 = 200;

/// The most values in one round of `each`.
const MOST_IN_A_BATCH: usize = 5_000;

pub(super) fn requests(room: &Room<'_>, files: Vec<Spanned<RequestFile>>) -> Result<Vec<Request>, Mistake> {
    let mut requests: Vec<Request> = Vec::new();
    for file in files {
        if requests.len() == MOST {
            return Err(room.source.at(&file, format!("at most {MOST} requests")));
        }
        let request = request(room, file.into_inner(), &requests)?;
        requests.push(request);
    }
    Ok(requests)
}

fn request(room: &Room<'_>, file: RequestFile, before: &[Request]) -> Result<Request, Mistake> {
    let id = file.id.get_ref();
    let name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if id.is_empty() || !id.bytes().all(name) || !id.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err(room.source.at(&file.id, "a request's id is of a-z, 0-9 and _, starting with a letter"));
    }
    if before.iter().any(|request| request.id == *id) {
        return Err(room.source.at(&file.id, format!("the request `{id}` stands here twice")));
    }
    for earlier in &file.after {
        if !before.iter().any(|request| request.id == *earlier.get_ref()) {
            let reason = format!("there is no request `{}` above this one", earlier.get_ref());
            return Err(room.source.at(earlier, reason));
        }
    }
    if !file.path.get_ref().starts_with('/') {
        return Err(room.source.at(&file.path, "a path starts with /"));
    }
    let names: Vec<&String> = file.from.keys().collect();
    let filled = Filled { room, from: &names, each: file.each.is_some() };
    let (path, query, headers, body, form) = (
        filled.template(&file.path)?,
        filled.templates(&file.query)?,
        filled.templates(&file.headers)?,
        file.body.as_ref().map(|text| filled.template(text)).transpose()?,
        filled.templates(&file.form)?,
    );
    let paging = file.page.as_ref().map_or(Ok(Paging::Single), |page| match &file.items {
        Some(_) => paging(room, page),
        None => Err(room.source.at(page, "a request with pages needs `items`, the list in each page")),
    })?;
    let expression = |text: &Option<Text>| text.as_ref().map(|text| room.expression(text)).transpose();
    let from = file.from.iter().map(|(name, text)| Ok((name.clone(), room.expression(text)?)));
    let each = file.each.map(|each| {
        let batch = each.batch.map_or(Ok(1), |batch| bounded(room, &batch, MOST_IN_A_BATCH))?;
        Ok(Each { values: room.expression(&each.values)?, batch })
    });
    Ok(Request {
        reads: file.reads,
        method: file.method.unwrap_or(Method::Get),
        base_url: file.base_url.map(|text| room.template(&text, &[Allowed::Config])).transpose()?,
        path,
        query,
        headers: headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
        body,
        form,
        after: file.after.into_iter().map(Spanned::into_inner).collect(),
        from: from.collect::<Result<_, Mistake>>()?,
        each: each.transpose()?,
        items: expression(&file.items)?,
        each_has: file.each_has,
        require: expression(&file.require)?,
        total: expression(&file.total)?,
        total_header: file.total_header.map(|name| name.to_ascii_lowercase()),
        paging,
        most_pages: file.most_pages.map_or(Ok(PAGES), |pages| bounded(room, &pages, MOST_PAGES))?,
        poll: file.poll.map(|poll_file| poll(room, &poll_file)).transpose()?,
        format: file.xml_lists.map_or(Format::Json, Format::Xml),
        permission: file.permission,
        id: file.id.into_inner(),
    })
}

fn bounded<T: PartialOrd + Copy + std::fmt::Display + From<u8>>(
    room: &Room<'_>,
    number: &Spanned<T>,
    most: T,
) -> Result<T, Mistake> {
    let value = *number.get_ref();
    if value < T::from(1) || value > most {
        return Err(room.source.at(number, format!("from 1 to {most}")));
    }
    Ok(value)
}

/// Templates of a request, with the names they may use.
struct Filled<'a> {
    room: &'a Room<'a>,
    from: &'a [&'a String],
    each: bool,
}

impl Filled<'_> {
    fn template(&self, text: &Text) -> Result<Template, Mistake> {
        let allowed = [Allowed::Config, Allowed::Now, Allowed::From, Allowed::Each];
        let allowed = if self.each { &allowed[..] } else { allowed.get(..3).unwrap_or_default() };
        let template = self.room.template(text, allowed)?;
        for hole in template.holes() {
            if let Hole::From(name) = hole
                && !self.from.contains(&name)
            {
                return Err(self
                    .room
                    .source
                    .at(text, format!("there is no `{name}` in this request's from")));
            }
        }
        Ok(template)
    }

    fn templates(
        &self,
        texts: &std::collections::BTreeMap<String, Text>,
    ) -> Result<Vec<(String, Template)>, Mistake> {
        texts.iter().map(|(name, text)| Ok((name.clone(), self.template(text)?))).collect()
    }
}

fn paging(room: &Room<'_>, page: &Spanned<PageFile>) -> Result<Paging, Mistake> {
    let file = page.get_ref();
    let missing = |name: &str| {
        room.source.at(page, format!("paging of kind {} needs the key `{name}`", file.kind.get_ref()))
    };
    let next = || file.next.as_ref().ok_or_else(|| missing("next")).and_then(|text| room.expression(text));
    let param = || file.param.as_ref().map(|text| text.get_ref().clone()).ok_or_else(|| missing("param"));
    let size = || file.size.filter(|size| *size > 0).ok_or_else(|| missing("size"));
    match file.kind.get_ref().as_str() {
        "link" => Ok(Paging::Link),
        "next_url" => Ok(Paging::NextUrl(next()?)),
        "cursor" => {
            let cursor = match &file.body_member {
                Some(member) => Cursor::Body(member.get_ref().clone()),
                None => Cursor::Query(param()?),
            };
            Ok(Paging::Cursor(next()?, cursor))
        }
        "number" => Ok(Paging::Number { param: param()?, first: file.first.unwrap_or(1), size: size()? }),
        "offset" => Ok(Paging::Offset { param: param()?, size: size()? }),
        other => {
            let reason = format!("unknown paging `{other}`: use link, next_url, cursor, number or offset");
            Err(room.source.at(&file.kind, reason))
        }
    }
}

fn poll(room: &Room<'_>, file: &PollFile) -> Result<Poll, Mistake> {
    Ok(Poll {
        until: room.expression(&file.until)?,
        failed: file.failed.as_ref().map(|text| room.expression(text)).transpose()?,
        wait: Duration::from_secs(file.wait_seconds.clamp(1, 60)),
        times: file.times.clamp(1, 100),
    })
}
