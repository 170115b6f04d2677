//! Tickets: the system, the place in it, and what sort of ticket it is.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::desk::Desk;
use crate::interview::rules::step::{another, quoted_after};
use crate::interview::rules::word::{Manner, Sort, Word};
use crate::interview::{DestinationPatch, JiraPatch, Place, ServiceNowPatch, StepPatch, TicketPatch};
use crate::workflow::Template;

pub(super) fn read(clause: &Clause, desk: &mut Desk<'_>, place: Option<Place>) {
    let present = desk.one_of("create_ticket").map(|step| (step.id.clone(), system_of(step)));
    let had = present.as_ref().and_then(|(_, system)| system.clone());
    let named = system(clause);
    let destination = destination(clause, named.or(had.as_deref()));
    let summary =
        quoted_after(clause, &["titled", "title", "summary", "called", "saying"]).map(Template::new);
    let patch = StepPatch::CreateTicket(TicketPatch { destination, summary, description: None });
    let both = named.is_some() && had.is_some() && named != had.as_deref();
    match present.filter(|_| !another(clause) && !both) {
        Some((id, _)) => drop(desk.change(&id, patch)),
        None => drop(desk.add(patch, place)),
    }
    say(desk);
}

fn say(desk: &mut Desk<'_>) {
    let Some(step) = desk.one_of("create_ticket") else { return };
    let word = |field: &str| {
        step.field("destination")
            .and_then(|place| place.get(field))
            .and_then(|word| word.as_str())
            .map(str::to_owned)
    };
    let said = match (word("system").as_deref(), word("project")) {
        (Some("jira"), Some(project)) => format!("It opens a Jira ticket in {project}."),
        (Some("jira"), None) => "It opens a Jira ticket.".to_owned(),
        (Some(_), _) => "It opens a ServiceNow ticket.".to_owned(),
        (None, _) => "It opens a ticket.".to_owned(),
    };
    desk.did(said);
}

fn system_of(step: &crate::interview::DraftStep) -> Option<String> {
    step.field("destination")?.get("system")?.as_str().map(str::to_owned)
}

fn system(clause: &Clause) -> Option<&'static str> {
    if clause.has(&["jira"]) {
        return Some("jira");
    }
    (clause.has(&["servicenow", "snow", "service-now"]) || clause.phrase(&["service", "now"]))
        .then_some("servicenow")
}

fn destination(clause: &Clause, system: Option<&str>) -> Option<DestinationPatch> {
    let project = project(&clause.0, Manner::Sentence);
    match system {
        Some("servicenow") => Some(DestinationPatch::ServiceNow(ServiceNowPatch {
            table: None,
            assignment_group: group(clause),
            urgency: graded(clause, &["urgency"]),
            impact: graded(clause, &["impact"]),
        })),
        Some(_) => Some(DestinationPatch::Jira(jira(clause, project))),
        None => project.map(|project| DestinationPatch::Jira(jira(clause, Some(project)))),
    }
}

fn jira(clause: &Clause, project: Option<String>) -> JiraPatch {
    JiraPatch { project, issue_type: issue_type(clause), labels: labels(clause), priority: priority(clause) }
}

fn titled(word: &str) -> String {
    let mut titled = word.to_lowercase();
    if let Some(first) = titled.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    titled
}

fn issue_type(clause: &Clause) -> Option<String> {
    clause
        .find(&["bug", "story", "epic", "task"])
        .and_then(|at| clause.0.get(at))
        .map(|word| titled(&word.low))
}

fn priority(clause: &Clause) -> Option<String> {
    let at = clause.find(&["priority"])?;
    let grade = |word: &&Word| {
        matches!(
            word.low.as_str(),
            "highest" | "high" | "medium" | "low" | "lowest" | "critical" | "major" | "minor" | "blocker"
        )
    };
    let after = clause.after(at.saturating_add(1)).iter().take(2).find(grade);
    after.or_else(|| clause.before(at).last().filter(grade)).map(|word| titled(&word.low))
}

fn labels(clause: &Clause) -> Option<Vec<String>> {
    let at = clause.find(&["label", "labels", "labelled", "labeled"])?;
    let labels: Vec<String> = clause
        .after(at.saturating_add(1))
        .iter()
        .filter(|word| {
            !word.is_break()
                && !matches!(word.low.as_str(), "and" | "the" | "with" | "as" | "is" | "are" | "it")
        })
        .take(5)
        .map(|word| word.raw.replace(' ', "-"))
        .collect();
    (!labels.is_empty()).then_some(labels)
}

fn group(clause: &Clause) -> Option<String> {
    let at = clause.find(&["group", "team"])?;
    if let Some(quoted) = clause.after(at).iter().find(|word| word.sort == Sort::Quoted) {
        return Some(quoted.raw.clone());
    }
    let large = |word: &&Word| word.raw.chars().next().is_some_and(char::is_uppercase);
    let named: Vec<&str> =
        clause.after(at.saturating_add(1)).iter().take_while(large).map(|word| word.raw.as_str()).collect();
    (!named.is_empty()).then(|| named.join(" "))
}

fn graded(clause: &Clause, words: &[&str]) -> Option<String> {
    let at = clause.find(words)?;
    let grade = |word: &Word| match word.low.as_str() {
        "1" | "one" | "high" => Some("1"),
        "2" | "two" | "medium" => Some("2"),
        "3" | "three" | "low" => Some("3"),
        _ => None,
    };
    let after = clause.after(at.saturating_add(1)).iter().take(3).find_map(grade);
    after.or_else(|| clause.before(at).last().and_then(grade)).map(str::to_owned)
}

/// The project that the words name. In an answer a word on its own is one.
pub(in crate::interview::rules) fn project(words: &[Word], manner: Manner) -> Option<String> {
    let plain: Vec<&Word> =
        words.iter().filter(|word| matches!(word.sort, Sort::Plain | Sort::Quoted)).collect();
    let key = |word: &&&Word| {
        let raw = word.raw.as_str();
        let known =
            matches!(raw, "JIRA" | "KRI" | "CVE" | "PDF" | "CISO" | "UTC" | "IT" | "SLACK" | "I" | "A");
        let formed = (2..=20).contains(&raw.len()) && raw.starts_with(|c: char| c.is_ascii_uppercase());
        formed && !known && raw.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let at = plain.iter().position(|word| matches!(word.low.as_str(), "project" | "board" | "queue"));
    let behind = at.and_then(|at| {
        let rest = plain.get(at.saturating_add(1)..)?;
        let named = rest.iter().find(|word| {
            !matches!(
                word.low.as_str(),
                "is" | "called" | "key" | "the" | "to" | "should" | "be" | "named" | "in" | "of"
            )
        });
        rest.iter().take(4).find(key).or_else(|| {
            named.filter(|word| {
                word.raw.len() <= 20 && word.raw.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            })
        })
    });
    let before = at.and_then(|at| plain.get(at.checked_sub(1)?)).filter(|word| key(word));
    let placed = plain.iter().enumerate().find(|(at, word)| {
        let before = at.checked_sub(1).and_then(|at| plain.get(at)).map(|word| word.low.as_str());
        key(word) && matches!(before, Some("in" | "to" | "jira" | "into" | "under" | "use" | "on"))
    });
    let alone = || {
        let named = |word: &&&Word| {
            !matches!(
                word.low.as_str(),
                "the" | "in" | "project" | "please" | "jira" | "use" | "it" | "is" | "our" | "key" | "yes"
            )
        };
        plain
            .iter()
            .find(key)
            .or_else(|| plain.iter().find(named))
            .filter(|_| manner == Manner::Answer && plain.len() <= 6)
    };
    let found = before.or(behind).or_else(|| placed.map(|(_, word)| word)).or_else(alone)?;
    let project = found.raw.to_uppercase();
    let formed = project.starts_with(|c: char| c.is_ascii_uppercase()) && (2..=20).contains(&project.len());
    (formed && project.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
        .then_some(project)
}

/// `Use project VULN instead`, `the priority is high`, of the ticket that was spoken of last.
pub(super) fn details(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let speaks = clause.has(&[
        "project",
        "priority",
        "label",
        "labels",
        "urgency",
        "impact",
        "group",
        "issue",
        "servicenow",
        "jira",
        "ticket",
        "bug",
        "story",
    ]) && !clause.has(&[
        "open", "create", "raise", "file", "add", "another", "wait", "approve", "approval", "email", "post",
        "emit", "opened", "created", "ask",
    ]);
    let Some((id, had)) =
        desk.one_of("create_ticket").filter(|_| speaks).map(|step| (step.id.clone(), system_of(step)))
    else {
        return false;
    };
    let Some(destination) = destination(clause, system(clause).or(had.as_deref())) else { return false };
    let done = desk.change(
        &id,
        StepPatch::CreateTicket(TicketPatch {
            destination: Some(destination),
            summary: None,
            description: None,
        }),
    );
    say(desk);
    done
}
