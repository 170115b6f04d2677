//! Steps: what a clause asks to be done, one chapter a kind.

pub(super) mod approval;
mod document;
mod event;
mod notify;
mod slack;
mod ticket;
mod wait;

use crate::interview::rules::clause::Clause;
use crate::interview::rules::desk::Desk;
use crate::interview::rules::word::Sort;
use crate::interview::{FramePatch, PanelPatch, Place, StepPatch};
use crate::workflow::{StepId, Template, Then};

pub(super) use approval::outcome;
pub(super) use event::meant as event_meant;
pub(super) use notify::{say as say_recipients, to as recipients_list};
pub(super) use slack::channel;
pub(super) use ticket::project;
pub(super) use wait::until;

/// The kind of step that a clause speaks of.
pub(super) fn kind(clause: &Clause, desk: &Desk<'_>) -> Option<&'static str> {
    // `The ticket says …` tells of a ticket and asks for none.
    if clause.has(&["says", "said", "states", "stated", "mentions", "mentioned", "contains"]) {
        return None;
    }
    let hash = clause
        .0
        .iter()
        .any(|word| word.sort == Sort::Plain && word.raw.starts_with('#') && word.raw.len() > 1);
    let slack = hash || clause.has(&["slack"]);
    let ticket = clause.has(&["ticket", "tickets", "jira", "servicenow", "incident", "snow"])
        || clause.phrase(&["service", "now"])
        || (clause.has(&["issue", "bug", "story"])
            && clause.has(&["open", "create", "raise", "file", "log"]));
    if clause.has(&[
        "approve",
        "approves",
        "approval",
        "approvals",
        "approved",
        "approver",
        "approvers",
        "sign-off",
        "signoff",
        "go-ahead",
        "authorise",
        "authorize",
        "decides",
    ]) || clause.phrase(&["sign", "off"])
        || clause.phrase(&["signs", "off"])
    {
        return Some("await_approval");
    }
    if clause.starts_with(&["wait", "pause", "hold", "sleep"]) && wait::is_wait(clause) {
        return Some("wait");
    }
    let mails = clause.has(&["email", "mail", "e-mail", "emails", "mails"]);
    let tells = clause.starts_with(&["notify", "tell", "inform", "alert", "let", "ping", "message"]);
    if clause.starts_with(&["email", "mail", "e-mail"]) || (tells && !slack) || (mails && !slack && !ticket) {
        return Some("notify_owner");
    }
    if clause.has(&["emit", "fire"])
        || clause.phrase(&["kri", "event"])
        || event::declared_in(clause, desk).is_some()
    {
        return Some("emit_kri_event");
    }
    if slack {
        return Some("post_slack");
    }
    if ticket {
        return Some("create_ticket");
    }
    if clause.has(&["panel", "experts", "expert", "vciso"]) {
        return Some("panel_query");
    }
    if clause.has(&["document", "report", "pdf", "memo", "writeup", "write-up", "documents", "reports"]) {
        return Some("produce_document");
    }
    if clause.starts_with(&["post", "publish"]) && desk.steps_of("post_slack").is_empty() {
        return Some("post_slack");
    }
    if clause.has(&["notify", "tell", "inform", "alert", "notified", "informed", "told"]) {
        return Some("notify_owner");
    }
    None
}

/// Adds what the clause asks for, or adds to what is there.
pub(super) fn read(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    if kind(clause, desk).is_none() {
        return false;
    }
    let place = place(clause, desk);
    read_at(clause, desk, place);
    frame(clause, desk);
    true
}

/// What belongs to the step that was spoken of before.
pub(super) fn details(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    frame(clause, desk)
        || ticket::details(clause, desk)
        || slack::details(clause, desk)
        || notify::details(clause, desk)
}

/// What becomes of the run where the step fails.
fn frame(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let fails = clause.phrase(&["if", "it", "fails"])
        || clause.phrase(&["if", "that", "fails"])
        || clause.phrase(&["on", "failure"])
        || clause.phrase(&["even", "if"]);
    let goes_on = clause.has(&["continue", "anyway", "regardless"])
        || clause.phrase(&["go", "on"])
        || clause.phrase(&["carry", "on"]);
    let Some(id) = desk.last.clone().filter(|_| fails && goes_on) else { return false };
    desk.did("If that step fails, the run goes on.");
    desk.frame(&id, FramePatch { on_failure: Some(Then::Continue), ..FramePatch::default() })
}

fn panel(clause: &Clause, desk: &mut Desk<'_>, place: Option<Place>) {
    let question = clause.quotes().first().map(|text| Template::new(*text));
    if let Some(step) = desk.one_of("panel_query").map(|step| step.id.clone()) {
        if let Some(question) = question {
            desk.change(&step, StepPatch::PanelQuery(PanelPatch { question: Some(question) }));
        }
        return;
    }
    if desk.add(StepPatch::PanelQuery(PanelPatch { question }), place).is_some() {
        desk.did("It asks the expert panel.");
    }
}

/// Whether the clause asks for one more of what is there.
pub(super) fn another(clause: &Clause) -> bool {
    clause.has(&["another", "second", "also", "too", "additional", "more", "add", "extra"])
}

/// The place a clause asks for: `before the ticket`, `after the approval`, `first`.
pub(super) fn place(clause: &Clause, desk: &Desk<'_>) -> Option<Place> {
    let at = clause.find(&["before", "after"])?;
    let noun = Clause(clause.after(at.saturating_add(1)).to_vec());
    let target = target(&noun, desk)?;
    Some(if clause.0.get(at).is_some_and(|word| word.low == "before") {
        Place::Before(target)
    } else {
        Place::After(target)
    })
}

/// The step that some words name: by its kind, by its place, or `it`.
pub(super) fn target(words: &Clause, desk: &Desk<'_>) -> Option<StepId> {
    let kind = noun(words)?;
    let steps = desk.steps_of(kind);
    // Of several the one whose channel, project or people are named.
    let named = steps.iter().find(|step| {
        let text = serde_json::to_string(&step.part.value).unwrap_or_default().to_lowercase();
        let people = crate::interview::rules::people::spoken_of(
            &words.0,
            desk.scene(),
            crate::interview::rules::people::OwnerOf::Kri,
        );
        words.0.iter().any(|word| word.low.len() > 2 && !is_noun(&word.low) && text.contains(&word.low))
            || people.parties.iter().any(|party| {
                serde_json::to_string(party).is_ok_and(|party| text.contains(&party.to_lowercase()))
            })
    });
    let counted = match () {
        () if words.has(&["second"]) => steps.get(1),
        () if words.has(&["first"]) => steps.first(),
        () => None,
    };
    counted.or(named).or_else(|| steps.last()).map(|step| step.id.clone())
}

fn is_noun(low: &str) -> bool {
    matches!(
        low,
        "the"
            | "email"
            | "mail"
            | "ticket"
            | "slack"
            | "post"
            | "approval"
            | "report"
            | "document"
            | "panel"
            | "step"
            | "jira"
            | "event"
            | "wait"
            | "and"
            | "for"
            | "type"
            | "message"
    )
}

/// The kind of step that a noun names.
pub(super) fn noun(words: &Clause) -> Option<&'static str> {
    words
        .0
        .iter()
        .find_map(|word| match word.low.as_str() {
            "slack" => Some("post_slack"),
            low if low.starts_with('#') => Some("post_slack"),
            "ticket" | "tickets" | "jira" | "servicenow" | "incident" | "issue" => Some("create_ticket"),
            "email" | "mail" | "e-mail" | "emails" | "notification" | "notifications" => Some("notify_owner"),
            "approval" | "approvals" | "sign-off" | "signoff" => Some("await_approval"),
            "panel" | "experts" => Some("panel_query"),
            "document" | "report" | "pdf" | "memo" => Some("produce_document"),
            "event" => Some("emit_kri_event"),
            "wait" | "pause" | "delay" => Some("wait"),
            _ => None,
        })
        .or_else(|| words.has(&["post"]).then_some("post_slack"))
}

/// The text in quotes that stands behind one of the words, else the first one.
pub(super) fn quoted_after<'a>(clause: &'a Clause, words: &[&str]) -> Option<&'a str> {
    let at = clause.find(words)?;
    clause.after(at).iter().find(|word| word.sort == Sort::Quoted).map(|word| word.raw.as_str())
}

/// Adds what the clause asks for at a place.
pub(super) fn read_at(clause: &Clause, desk: &mut Desk<'_>, place: Option<Place>) {
    match kind(clause, desk) {
        Some("await_approval") => approval::read(clause, desk, place),
        Some("wait") => wait::read(clause, desk, place),
        Some("notify_owner") => notify::read(clause, desk, place),
        Some("emit_kri_event") => event::read(clause, desk, place),
        Some("post_slack") => slack::read(clause, desk, place),
        Some("create_ticket") => ticket::read(clause, desk, place),
        Some("produce_document") => document::read(clause, desk, place),
        Some(_) => panel(clause, desk, place),
        None => {}
    }
}
