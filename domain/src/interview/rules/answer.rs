//! Answers: what a few words mean to the question that was asked.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::desk::Desk;
use crate::interview::rules::kri::{Meant, meant};
use crate::interview::rules::people::{OwnerOf, People, spoken_of};
use crate::interview::rules::word::{Manner, Sort};
use crate::interview::rules::{owner, span, step, trigger};
use crate::interview::summary;
use crate::interview::{
    ApprovalPatch, BreachPatch, DestinationPatch, DraftTool, EventPatch, JiraPatch, NotifyPatch, Question,
    ServiceNowPatch, SlackPatch, StepPatch, TicketPatch, Topic, TriggerPatch, WaitPatch,
};
use crate::workflow::{KriRef, OnActivate, OnTimeout, Party, StepId};

const YES: &[&str] = &[
    "yes",
    "yep",
    "yeah",
    "yup",
    "sure",
    "correct",
    "right",
    "exactly",
    "definitely",
    "absolutely",
    "indeed",
    "please",
    "ja",
    "ok",
];
const NO: &[&str] = &["no", "nope", "nah"];

/// What begins something else than an answer.
const ELSEWHERE: &[&str] = &[
    "drop", "remove", "delete", "add", "change", "move", "put", "swap", "replace", "instead", "email",
    "mail", "post", "open", "create", "emit", "when", "whenever", "every", "call", "remind", "escalate",
    "make", "activate", "produce", "raise",
];

/// Takes the clause as the answer to what was asked, if it can be one.
pub(super) fn read(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let Some(asked) = desk.asked.clone() else { return false };
    let elsewhere = clause.starts_with(ELSEWHERE)
        || clause.has(&["owns", "owned", "approves"])
            && asked.topic != Topic::Owners
            && asked.topic != Topic::Approvers;
    if elsewhere
        && !matches!(
            (asked.topic, clause.0.first().map(|word| word.low.as_str())),
            (Topic::OpenBreach, Some("open")) | (Topic::OnTimeout, Some("make"))
        )
    {
        return false;
    }
    let answered = match asked.topic {
        Topic::Trigger | Topic::Steps => false,
        Topic::Kri => kri(clause, &asked, desk),
        Topic::Level => level(clause, desk),
        Topic::OpenBreach => open_breach(clause, desk),
        Topic::Time | Topic::TimeZone => time(clause, desk),
        Topic::Recipients | Topic::Approvers | Topic::Owners => people(clause, &asked, desk),
        Topic::TicketSystem
        | Topic::Project
        | Topic::Channel
        | Topic::KriEvent
        | Topic::Wait
        | Topic::Due
        | Topic::OnTimeout => asked.step.clone().is_some_and(|id| of_step(clause, asked.topic, &id, desk)),
    };
    if answered {
        desk.last = asked.step.clone().or_else(|| desk.last.clone());
        desk.asked = None;
    }
    answered
}

/// Yes, no, or neither.
fn yes(clause: &Clause) -> Option<bool> {
    let first = clause.0.first()?;
    if NO.contains(&first.low.as_str()) {
        return Some(false);
    }
    YES.contains(&first.low.as_str()).then_some(true)
}

fn kri(clause: &Clause, asked: &Question, desk: &mut Desk<'_>) -> bool {
    let slug = match (yes(clause), asked.candidates.as_slice()) {
        (Some(true), [only]) => Some(only.clone()),
        (Some(true), _) => None,
        (Some(false), _) if clause.len() == 1 => {
            desk.note("Then which one?");
            desk.asked = None;
            return true;
        }
        _ => {
            let mut near = desk.scene().clone();
            near.tenant.kris.retain(|kri| asked.candidates.iter().any(|slug| slug == kri.slug.as_str()));
            match (meant(&clause.0, &near), meant(&clause.0, desk.scene())) {
                (Meant::One(slug), _) | (_, Meant::One(slug)) => Some(slug),
                (_, Meant::Perhaps(heard, candidates)) if clause.len() <= 8 => {
                    desk.unsettled(Question {
                        topic: Topic::Kri,
                        step: None,
                        heard: Some(heard),
                        candidates,
                    });
                    return true;
                }
                _ => None,
            }
        }
    };
    let Some(kri) = slug.and_then(|slug| KriRef::try_from(slug).ok()) else { return false };
    let level = trigger::level(&clause.0).and_then(Result::ok);
    let patch = BreachPatch { kri: Some(kri.clone()), level, on_activate: None };
    let set = desk.set_trigger(TriggerPatch::KriBreach(patch));
    if let Some(fact) = desk.scene().tenant.kri(&kri) {
        desk.did(format!("It watches “{}”.", summary::clipped(desk.scene().kri_name(fact))));
    }
    set
}

fn level(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let both = clause.has(&["both", "either"]) || clause.phrase(&["amber", "or"]);
    let level =
        if both { Some(crate::kri::Level::Amber) } else { trigger::level(&clause.0).and_then(Result::ok) };
    let Some(level) = level else { return false };
    desk.did(if level == crate::kri::Level::Red { "It starts at red." } else { "It starts at amber." });
    desk.set_trigger(TriggerPatch::KriBreach(BreachPatch { level: Some(level), ..BreachPatch::default() }))
}

fn open_breach(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let not_it = clause.has(&["don't", "not", "ignore"])
        && clause.has(&["include", "count", "act", "open", "it", "existing"]);
    let only_new =
        clause.has(&["new", "next", "future", "later", "only"]) || not_it || yes(clause) == Some(false);
    let also = clause.has(&[
        "already", "open", "existing", "current", "both", "include", "included", "count", "counts", "also",
    ]) || yes(clause) == Some(true);
    let on_activate = match (only_new, also) {
        (true, _) => OnActivate::NextBreach,
        (false, true) => OnActivate::OpenBreach,
        (false, false) => return false,
    };
    if step::kind(clause, desk).is_some() || trigger::level(&clause.0).is_some() {
        return false;
    }
    desk.did(if on_activate == OnActivate::NextBreach {
        "Only new breaches count."
    } else {
        "A breach that is open counts as well."
    });
    desk.set_trigger(TriggerPatch::KriBreach(BreachPatch {
        on_activate: Some(on_activate),
        ..BreachPatch::default()
    }))
}

fn time(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    step::kind(clause, desk).is_none() && trigger::schedule(clause, desk, Manner::Answer)
}

fn people(clause: &Clause, asked: &Question, desk: &mut Desk<'_>) -> bool {
    // What somebody answers is not about another step, nor about what starts it all.
    let kind = step::kind(clause, desk);
    let own = if asked.topic == Topic::Approvers { "await_approval" } else { "notify_owner" };
    if kind.is_some_and(|kind| kind != own) || clause.has(&["within", "deadline"]) {
        return false;
    }
    let whose = OwnerOf::by(desk.trigger_kind());
    let found = match (yes(clause), asked.candidates.as_slice()) {
        (Some(true), [only]) => {
            let party = only.parse().ok().map(Party::Account);
            People { parties: party.into_iter().collect(), ..People::default() }
        }
        _ => among(clause, asked, desk, whose),
    };
    // A place is no person.
    let place = found.parties.is_empty()
        && super::zone::zone(&clause.0, Manner::Answer).is_some()
        && whose == OwnerOf::Workflow;
    if found.is_empty() || place {
        return false;
    }
    match (asked.topic, &asked.step) {
        (Topic::Owners, _) => owner::take(&found, Vec::new(), desk),
        (Topic::Recipients, Some(id)) => {
            let to = step::recipients_list(&found);
            let set = to.is_some()
                && desk.change(id, StepPatch::NotifyOwner(NotifyPatch { to, ..NotifyPatch::default() }));
            if set || found.unsettled.is_some() {
                step::say_recipients(&found, id, desk);
            }
            true
        }
        (_, Some(id)) => {
            if !found.parties.is_empty() {
                let approvers = Some(found.parties.clone());
                desk.call(DraftTool::SetApproval {
                    id: id.clone(),
                    approval: ApprovalPatch { approvers, ..ApprovalPatch::default() },
                });
            }
            step::approval::say(&found, id, desk);
            true
        }
        (_, None) => false,
    }
}

/// Those who were offered come first.
fn among(clause: &Clause, asked: &Question, desk: &Desk<'_>, owner: OwnerOf) -> People {
    let mut near = desk.scene().clone();
    near.people.retain(|id, _| asked.candidates.iter().any(|candidate| *candidate == id.to_string()));
    let found = spoken_of(&clause.0, &near, owner);
    if found.parties.is_empty() { spoken_of(&clause.0, desk.scene(), owner) } else { found }
}

fn of_step(clause: &Clause, topic: Topic, id: &StepId, desk: &mut Desk<'_>) -> bool {
    match topic {
        Topic::TicketSystem => system(clause, id, desk),
        Topic::Project => {
            let Some(project) = step::project(&clause.0, Manner::Answer) else { return false };
            desk.did(format!("The project is {project}."));
            let destination =
                DestinationPatch::Jira(JiraPatch { project: Some(project), ..JiraPatch::default() });
            desk.change(
                id,
                StepPatch::CreateTicket(TicketPatch {
                    destination: Some(destination),
                    summary: None,
                    description: None,
                }),
            )
        }
        Topic::Channel => {
            let Some(channel) = step::channel(&clause.0, Manner::Answer) else { return false };
            desk.did(format!("It posts to {channel}."));
            desk.change(id, StepPatch::PostSlack(SlackPatch { channel: Some(channel), text: None }))
        }
        Topic::KriEvent => event(clause, id, desk),
        Topic::Wait => {
            let Some(until) = step::until(clause, desk) else { return false };
            desk.did("It waits so long.");
            desk.change(id, StepPatch::Wait(WaitPatch { until: Some(until) }))
        }
        Topic::Due => {
            let Some(due) =
                span::span(&clause.0).filter(|_| !clause.has(&["remind", "reminder", "escalate"]))
            else {
                return false;
            };
            desk.did(format!("They have {} to decide.", summary::in_words(due)));
            desk.call(DraftTool::SetApproval {
                id: id.clone(),
                approval: ApprovalPatch { due: Some(due), ..ApprovalPatch::default() },
            })
        }
        Topic::OnTimeout => on_timeout(clause, id, desk),
        Topic::Trigger
        | Topic::Kri
        | Topic::Level
        | Topic::OpenBreach
        | Topic::Time
        | Topic::TimeZone
        | Topic::Steps
        | Topic::Recipients
        | Topic::Approvers
        | Topic::Owners => false,
    }
}

fn system(clause: &Clause, id: &StepId, desk: &mut Desk<'_>) -> bool {
    let destination = if clause.has(&["jira"]) {
        DestinationPatch::Jira(JiraPatch {
            project: step::project(&clause.0, Manner::Sentence),
            ..JiraPatch::default()
        })
    } else if clause.has(&["servicenow", "snow", "service-now"]) || clause.phrase(&["service", "now"]) {
        DestinationPatch::ServiceNow(ServiceNowPatch::default())
    } else {
        return false;
    };
    desk.did(if matches!(destination, DestinationPatch::Jira(_)) {
        "The ticket goes to Jira."
    } else {
        "The ticket goes to ServiceNow."
    });
    desk.change(
        id,
        StepPatch::CreateTicket(TicketPatch {
            destination: Some(destination),
            summary: None,
            description: None,
        }),
    )
}

fn on_timeout(clause: &Clause, id: &StepId, desk: &mut Desk<'_>) -> bool {
    let Some(outcome) = step::outcome(&clause.0) else { return false };
    desk.did(match outcome {
        OnTimeout::Reject => "No answer in time counts as rejected.",
        OnTimeout::Approve => "No answer in time counts as approved.",
        OnTimeout::Fail => "No answer in time fails the run.",
    });
    desk.call(DraftTool::SetApproval {
        id: id.clone(),
        approval: ApprovalPatch { on_timeout: Some(outcome), ..ApprovalPatch::default() },
    })
}

fn event(clause: &Clause, id: &StepId, desk: &mut Desk<'_>) -> bool {
    if let Some(event_type) = step::event_meant(&clause.0, desk.scene()) {
        desk.did(format!("It emits {event_type}."));
        desk.change(id, StepPatch::EmitKriEvent(EventPatch { event_type: Some(event_type), note: None }))
    } else {
        let named: Vec<&str> =
            clause.0.iter().filter(|word| word.sort == Sort::Plain).map(|word| word.low.as_str()).collect();
        if named.len() > 4 || yes(clause).is_some() {
            return false;
        }
        let heard = named.join("_");
        desk.unsettled(Question {
            topic: Topic::KriEvent,
            step: Some(id.clone()),
            heard: Some(heard),
            candidates: Vec::new(),
        });
        true
    }
}
