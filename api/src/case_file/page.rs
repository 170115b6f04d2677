//! The page: no script, nothing from elsewhere, good on paper.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use draxis_domain::{Actor, Metadata};
use draxis_event_store::StoredEvent;
use draxis_projections::EventExplained;

use super::content::{CaseFile, Proved, Sealed};
use super::html::{details, element, escaped, facts, list};
use super::metadata_of;
use crate::audit::in_words;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b2430}\
    h1{font-size:1.6rem}h2{font-size:1.25rem;border-bottom:1px solid #d8dee6;margin-top:2.5rem}h3{font-size:1rem;margin-bottom:.3rem}\
    table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}th{font-weight:600}\
    pre{background:#f4f6f9;padding:.7rem;white-space:pre-wrap;overflow-wrap:anywhere}article{margin:1.2rem 0;padding-left:.8rem;\
    border-left:3px solid #d8dee6;break-inside:avoid}ul{margin:.2rem 0}summary{cursor:pointer}.warning{background:#fff4d6;padding:.6rem}\
    @media print{body{max-width:none;margin:0}a[download]{display:none}}";

/// The whole document.
pub(super) fn of(file: &CaseFile) -> String {
    let title = file.words.clone().unwrap_or_else(|| format!("Case file of tenant {}", file.tenant));
    let mut body = element("h1", &title);
    body.push_str(&asked(file));
    body.push_str(&events(file));
    body.push_str(&changes(file));
    body.push_str(&proof(file));
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"robots\" content=\"noindex,nofollow\">\
         <meta name=\"referrer\" content=\"no-referrer\"><meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{}</title><style>{STYLE}</style></head><body>{body}</body></html>\n",
        escaped(&title)
    )
}

fn asked(file: &CaseFile) -> String {
    let part = &file.part;
    let text = |given: &Option<String>| given.clone();
    let time = |given: Option<DateTime<Utc>>| given.map(at);
    let filters = [
        ("Tenant", Some(file.tenant.to_string())),
        ("After position", part.after.map(|after| after.to_string())),
        ("Up to position", part.until.map(|until| until.to_string())),
        ("Recorded from", time(part.from)),
        ("Recorded before", time(part.to)),
        ("Kind of thing", text(&part.aggregate_type)),
        ("Thing", text(&part.aggregate_id)),
        ("Type of event", text(&part.event_type)),
        ("By", text(&part.actor)),
        ("Within", text(&part.correlation)),
        ("Made at", Some(at(file.made_at))),
        ("Events", Some(file.events.len().to_string())),
    ];
    let mut section = element("h2", "What was asked");
    section.push_str(&facts(filters.into_iter().filter_map(|(what, says)| Some((what, says?)))));
    if let Some(last) = file.events.last().filter(|_| file.more) {
        let warning = format!(
            "More events bear on this question than fit into one document. This one ends at position {0}; ask again for what \
             comes after position {0}, or ask more narrowly.",
            last.position
        );
        section = format!("{section}<p class=\"warning\">{}</p>", escaped(&warning));
    }
    section
}

fn events(file: &CaseFile) -> String {
    let mut section = element("h2", "What happened");
    if file.events.is_empty() {
        section.push_str(&element("p", "Nothing in this stream answers to the question."));
    }
    for event in &file.events {
        section.push_str(&one(file, event));
    }
    section
}

fn one(file: &CaseFile, event: &StoredEvent) -> String {
    let heading = format!("{} · {} · {}", event.position, at(event.recorded_at), event.event_type);
    let mut article = format!("<article id=\"p{}\">{}", event.position, element("h3", &heading));
    let metadata = metadata_of(event);
    let who = |metadata: &Metadata| {
        let behind = metadata.impersonator.map(Actor::Account);
        let outside = behind.map(|behind| {
            let name =
                if behind == metadata.actor { String::new() } else { format!("{} ", file.name(behind)) };
            format!(", {name}acting from outside the tenant")
        });
        format!("{}{}", file.name(metadata.actor), outside.unwrap_or_default())
    };
    let reason = metadata.as_ref().and_then(|metadata| metadata.reason.as_ref());
    let rows = [
        ("Who", metadata.as_ref().map(who)),
        ("Why", reason.map(|reason| reason.as_str().to_owned())),
        ("Of", Some(format!("{} {}", event.aggregate_type, event.aggregate_id))),
        ("Event", Some(event.event_id.clone())),
        ("Within", metadata.as_ref().and_then(|metadata| metadata.correlation.clone())),
    ];
    article.push_str(&facts(rows.into_iter().filter_map(|(what, says)| Some((what, says?)))));
    article.push_str(&details("What it says", &event.payload));
    let changes = file.changes.get(&event.position).into_iter().flatten();
    let words: Vec<String> = changes
        .flat_map(|change| change.words.iter().map(|words| format!("{}: {words}", change.thing)))
        .collect();
    if !words.is_empty() {
        article.push_str(&element("h4", "What it changed"));
        article.push_str(&list(words));
    }
    if let Some(explained) = file.explained.get(&event.position) {
        article.push_str(&explanation(file, explained));
    }
    if let Some(proved) = file.proofs.get(&event.position) {
        article.push_str(&details("The proof that it is sealed", &inclusion(proved)));
    }
    article.push_str("</article>");
    article
}

fn explanation(file: &CaseFile, explained: &EventExplained) -> String {
    let mut causes: Vec<String> = explained.causes.iter().map(|cause| told(file, cause)).collect();
    let first = explained.causes.last().unwrap_or(&explained.event);
    causes.extend(metadata_of(first).map(|metadata| format!("It began so: {}.", in_words(&metadata))));
    let mut made = element("h4", "What it came from");
    made.push_str(&list(causes));
    if !explained.together.is_empty() {
        made.push_str(&element("h4", "Recorded together with it"));
        made.push_str(&list(explained.together.iter().map(|event| told(file, event))));
    }
    if !explained.effects.is_empty() {
        made.push_str(&element("h4", "What followed"));
        let effects = explained.effects.iter().map(|effect| told(file, &effect.event));
        made.push_str(&list(effects.chain(explained.more_effects.then(|| "and more".to_owned()))));
    }
    made
}

/// Another event in one line.
fn told(file: &CaseFile, event: &StoredEvent) -> String {
    let who = metadata_of(event).map(|metadata| file.name(metadata.actor)).unwrap_or_default();
    format!(
        "position {}: {} of {} {}, by {who} at {}",
        event.position,
        event.event_type,
        event.aggregate_type,
        event.aggregate_id,
        at(event.recorded_at)
    )
}

fn changes(file: &CaseFile) -> String {
    if file.events.is_empty() {
        return String::new();
    }
    let mut section = element("h2", "What changed");
    let Some(difference) = &file.difference else {
        section.push_str(&element("p", "The events lie too far apart for this to be told; ask for less."));
        return section;
    };
    let stretch = format!("Between position {} and position {}.", difference.from, difference.to);
    section.push_str(&element("p", &stretch));
    for changed in &difference.things {
        section.push_str(&element("h3", &changed.thing));
        let same = changed.words.is_empty().then(|| "It is as it was before.".to_owned());
        section.push_str(&list(changed.words.iter().cloned().chain(same)));
        section.push_str(&details("As a patch (RFC 6902)", &changed.patch.to_string()));
    }
    section
}

fn proof(file: &CaseFile) -> String {
    let Some(sealed) = &file.sealed else { return String::new() };
    let Sealed { note, keys, bundle } = sealed;
    let mut section = element("h2", "The proof");
    section.push_str(&element(
        "p",
        "Each event above is a leaf of a tree whose root the checkpoint below signs. A proof under an event leads from the hash \
         of its record to that root (RFC 9162, section 2.1.3), with nothing but SHA-256.",
    ));
    section.push_str(&element("h3", "The checkpoint"));
    section.push_str(&element("pre", note));
    section.push_str(&element("h3", "The keys it is verified with, as this server names them"));
    section.push_str(&list(keys.iter().map(|(key, from)| format!("{key} (from {})", at(*from)))));
    section.push_str(&element("h3", "How to check it offline"));
    section.push_str("<ol>");
    for step in [
        "Get the public key of this log from somebody you trust, not from this document: `draxis public-key` prints it on the \
         server. Its fingerprint, the eight digits between the plus signs, must be one of those above.",
        "Save the bundle that is part of this document (the link below) and run `draxis-verify case.tar --key key.txt`. The program \
         needs no server, no network and no database; FORMAT.md says how to write another.",
        "If you hold a checkpoint from before, give it too, with --checkpoint: whoever rewrote what it covers is caught by it.",
        "Compare the records in the bundle with what is told above: `tar xOf case.tar records/00000001.ndjson`.",
    ] {
        section.push_str(&element("li", step));
    }
    section.push_str("</ol><p><a download=\"case.tar\" href=\"data:application/x-tar;base64,");
    section.push_str(&STANDARD.encode(bundle));
    section.push_str("\">Save the bundle of these events (case.tar)</a></p>");
    section
}

fn inclusion(proved: &Proved) -> String {
    let Proved { record, leaf, index, size, path } = proved;
    format!(
        "record: {record}\nleaf hash: {leaf}\nleaf {index} of a tree of {size}\npath:\n{}",
        path.join("\n")
    )
}

fn at(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
