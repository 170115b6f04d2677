//! Fields: what bears out each field of a trigger or a step.

use serde_json::{Map, Value};

use crate::interview::Topic;
use crate::interview::rules::clock::timing;
use crate::interview::rules::people::{OwnerOf, People, spoken_of};
use crate::interview::rules::word::Manner;
use crate::interview::rules::zone::zone;
use crate::interview::said::Said;
use crate::interview::said::ears::Ears;
use crate::workflow::{KriRef, Party, Span};

/// A choice, with the words by which it is named.
type Choice = (&'static str, &'static [&'static str]);

const TRIGGERS: &[Choice] = &[
    (
        "kri_breach",
        &["red", "amber", "breach", "kri", "threshold", "goes", "turns", "hits", "critical", "warn"],
    ),
    (
        "schedule",
        &[
            "every",
            "each",
            "daily",
            "weekly",
            "hourly",
            "monthly",
            "quarterly",
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
            "weekday",
            "morning",
            "noon",
            "schedule",
            "o'clock",
        ],
    ),
    ("manual", &["hand", "manual", "button", "press", "demand", "myself", "somebody", "someone", "click"]),
];
const STEPS: &[Choice] = &[
    (
        "notify_owner",
        &[
            "mail", "email", "e-mail", "notif", "tell", "inform", "alert", "write", "let", "message", "send",
            "told",
        ],
    ),
    ("create_ticket", &["ticket", "jira", "servicenow", "snow", "issue", "incident", "task", "bug", "story"]),
    ("panel_query", &["panel", "expert", "advis", "vciso"]),
    ("produce_document", &["document", "report", "pdf", "markdown", "write-up", "paper"]),
    ("post_slack", &["slack", "post", "channel", "#"]),
    (
        "await_approval",
        &["approv", "sign", "decid", "consent", "permission", "confirm", "ok", "okay", "go-ahead", "look"],
    ),
    ("emit_kri_event", &["event", "emit", "record", "mark"]),
    ("wait", &["wait", "paus", "delay", "hold", "later", "until"]),
];
const LEVELS: &[Choice] = &[("amber", &["amber", "yellow", "orange"]), ("red", &["red"])];
const SYSTEMS: &[Choice] = &[("jira", &["jira"]), ("servicenow", &["servicenow", "snow"])];
const TIMED_OUT: &[Choice] = &[
    ("approve", &["approv", "accept", "yes", "granted", "go"]),
    ("reject", &["reject", "declin", "no", "den", "refus"]),
    ("fail", &["fail", "stop", "abort", "error"]),
];
/// Words that speak of nobody answering in time.
const SILENCE: &[&str] =
    &["time", "timeout", "time-out", "nobody", "answer", "otherwise", "silence", "expir", "late", "else"];

impl Said<'_> {
    /// Whether a field's new value is borne out. `known` is what was known beside it before.
    pub(super) fn bears_out(&self, key: &str, value: &Value, known: &Map<String, Value>) -> bool {
        let text = value.as_str().unwrap_or_default();
        match key {
            "type" => self.kind(text),
            "kri" => KriRef::try_from(text.to_owned())
                .ok()
                .and_then(|kri| self.scene.tenant.kri(&kri))
                .is_some_and(|kri| self.names_kri(kri)),
            "level" => self.chosen(text, LEVELS, &[Topic::Level]),
            "onActivate" => {
                self.was_asked(&[Topic::OpenBreach])
                    || self.all.has(&["open", "already", "existing", "current", "new", "next", "from"])
            }
            "clock" | "days" | "cron" => self.timed(key, text),
            "timeZone" => self.zoned(text),
            "missed" => self.all.has(&["miss", "skip", "let", "catch", "afterward"]),
            "overlap" => self.all.has(&["overlap", "same", "parallel", "queue", "still", "under"]),
            "inputs" => each(value, |input| {
                input.get("name").and_then(Value::as_str).is_some_and(|name| self.all.holds_most_of(name))
            }),
            "to" | "approvers" => self.people(value),
            "destination" => self.placed(value, known.get("destination")),
            "issueType" | "labels" | "priority" | "table" | "urgency" | "impact" | "formats" => {
                each(value, |value| self.described(key, value.as_str().unwrap_or_default()))
            }
            // Whether the person has spoken of these is asked of everybody.
            "channel" | "project" | "assignmentGroup" => true,
            "eventType" => self.all.holds_all_of(text) || self.was_offered(text),
            "when" => self.conditioned(text),
            "required" => {
                value.as_u64().is_some_and(|count| count == 1 || self.all.counts(count))
                    || self.all.has(&["both", "all"])
            }
            "veto" => self.all.has(&["veto", "reject", "any", "single"]),
            "onRejected" => self.all.has(&["reject", "declin", "refus", "no"]),
            "requesterMayApprove" => {
                self.all.has(&["myself", "own", "requester", "self", "themsel", "starter"])
            }
            "onTimeout" => self.timed_out(text),
            "due" => self.spanned(text, &[Topic::Due]),
            "timeout" => self.spanned(text, &[]),
            "reminders" => {
                self.all.has(&["remind", "nudg", "ping", "again"])
                    && each(value, |span| self.spanned(span.as_str().unwrap_or_default(), &[]))
            }
            "escalation" => self.escalated(value),
            "until" => self.awaited(value),
            "retry" => self.all.has(&["retr", "again", "attempt", "tries", "times", "repeat"]),
            "onFailure" => self.all.has(&["fail", "continu", "anyway", "even", "regardless", "goes"]),
            // Texts that people will read, and what is not listed here: as it was said, or not at all.
            _ => value.is_string() && self.all.holds(text),
        }
    }

    fn was_asked(&self, topics: &[Topic]) -> bool {
        self.asked.is_some_and(|asked| topics.contains(&asked.topic))
    }

    /// Whether a choice was named; or whether it was asked for and answered by none of the words that are known, maybe in another
    /// language.
    fn chosen(&self, chosen: &str, choices: &[Choice], topics: &[Topic]) -> bool {
        let named = choices.iter().any(|(choice, words)| *choice == chosen && self.all.has(words));
        named || (self.was_asked(topics) && !choices.iter().any(|(_, words)| self.now.has(words)))
    }

    fn kind(&self, kind: &str) -> bool {
        match kind {
            "kri_breach" if self.scene.tenant.kris.iter().any(|kri| self.names_kri(kri)) => true,
            "kri_breach" | "schedule" | "manual" => {
                self.chosen(kind, TRIGGERS, &[Topic::Trigger, Topic::Kri, Topic::Time])
            }
            _ => self.chosen(kind, STEPS, &[Topic::Steps]),
        }
    }

    /// A time as it is read from what was said, where it can be read; otherwise at least some time was spoken of.
    fn timed(&self, field: &str, text: &str) -> bool {
        let readings = |ears: &Ears, manner: Manner| {
            let read = timing(ears.words(), manner);
            let whole = read.clock.as_ref().zip(read.days.as_ref());
            let whole = whole.map(|(clock, days)| format!("{clock} {days}"));
            match field {
                "clock" => read.clock,
                "days" => read.days,
                _ => read.cron.or(whole),
            }
        };
        let now = readings(&self.now, Manner::Answer);
        let all = readings(&self.all, Manner::Sentence);
        if now.is_some() || all.is_some() {
            return [now, all].into_iter().flatten().any(|read| read == text);
        }
        self.was_asked(&[Topic::Time]) || self.all.has_figure()
    }

    fn zoned(&self, text: &str) -> bool {
        let city = text.rsplit('/').next().unwrap_or(text).replace('_', " ");
        let read = zone(self.all.words(), Manner::Answer).or_else(|| zone(self.now.words(), Manner::Answer));
        self.all.holds(&city) || read == Some(text) || (read.is_none() && self.was_asked(&[Topic::TimeZone]))
    }

    fn people(&self, value: &Value) -> bool {
        match Party::all(value) {
            // Nobody in particular: the workflow's owners.
            Some(parties) if parties.is_empty() => {
                self.spoken_of(&self.all, OwnerOf::Workflow).owners || self.was_asked(&[Topic::Recipients])
            }
            Some(parties) => parties.iter().all(|party| self.speaks_of(party)),
            None => false,
        }
    }

    /// Whether somebody was spoken of, or stood to choose from and nobody else was chosen.
    pub(super) fn speaks_of(&self, party: &Party) -> bool {
        let spoken = [OwnerOf::Kri, OwnerOf::Workflow].map(|owner| self.spoken_of(&self.all, owner));
        if spoken.iter().any(|people| people.parties.contains(party)) {
            return true;
        }
        let nobody_else = self.spoken_of(&self.now, OwnerOf::Kri).parties.is_empty();
        match party {
            Party::Account(id) => nobody_else && self.was_offered(&id.to_string()),
            Party::Role(_) | Party::KriOwner(_) => {
                nobody_else && self.was_asked(&[Topic::Recipients, Topic::Approvers, Topic::Owners])
            }
        }
    }

    fn spoken_of(&self, ears: &Ears, owner: OwnerOf) -> People {
        spoken_of(ears.words(), self.scene, owner)
    }

    fn placed(&self, value: &Value, known: Option<&Value>) -> bool {
        let Some(fields) = value.as_object() else { return false };
        let known = known.and_then(Value::as_object).cloned().unwrap_or_default();
        fields.iter().filter(|(key, value)| known.get(*key) != Some(*value)).all(|(key, value)| {
            if key == "system" {
                self.chosen(value.as_str().unwrap_or_default(), SYSTEMS, &[Topic::TicketSystem])
            } else {
                self.bears_out(key, value, &known)
            }
        })
    }

    /// A word that describes something, as it was said, or at least its sort was spoken of.
    fn described(&self, field: &str, value: &str) -> bool {
        let sort: &[&str] = match field {
            "urgency" | "impact" => &["urgen", "impact", "high", "low", "medium"],
            _ => &[],
        };
        self.all.holds(value) || self.all.has(sort)
    }

    /// A condition: its literals were said, and there are any.
    fn conditioned(&self, text: &str) -> bool {
        let number = |part: &str| part.chars().all(|c| c.is_ascii_digit() || c == '.');
        let numbers = text
            .split(|c: char| !(c.is_ascii_digit() || c == '.'))
            .filter(|part| part.chars().any(|c| c.is_ascii_digit()) && number(part));
        let texts = text.split(['"', '\'']).skip(1).step_by(2);
        let mut literals = numbers.chain(texts).peekable();
        self.all.has(&["if", "only", "unless", "when"])
            && literals.peek().is_some()
            && literals.all(|literal| {
                self.all.holds(literal) || literal.parse().is_ok_and(|count| self.all.counts(count))
            })
    }

    fn timed_out(&self, text: &str) -> bool {
        let named = |ears: &Ears| TIMED_OUT.iter().any(|(choice, words)| *choice == text && ears.has(words));
        let any = TIMED_OUT.iter().any(|(_, words)| self.now.has(words));
        let asked = self.was_asked(&[Topic::OnTimeout]);
        (asked && (named(&self.now) || !any)) || (self.all.has(SILENCE) && named(&self.all))
    }

    /// A span that was said; or one that was asked for and answered by none that can be read.
    fn spanned(&self, text: &str, topics: &[Topic]) -> bool {
        let Ok(span) = text.parse::<Span>() else { return false };
        self.all.spans().contains(&span) || (self.was_asked(topics) && self.now.spans().is_empty())
    }

    fn escalated(&self, value: &Value) -> bool {
        let after = value.get("after").and_then(Value::as_str).unwrap_or_default();
        self.all.has(&["escalat", "also", "then", "else", "next", "boss", "after"])
            && self.spanned(after, &[])
            && value.get("to").is_some_and(|to| self.people(to))
    }

    fn awaited(&self, value: &Value) -> bool {
        let text = |field: &str| value.get(field).and_then(Value::as_str);
        if let Some(duration) = text("duration") {
            return self.spanned(duration, &[Topic::Wait]);
        }
        let closed = self.all.has(&["clos", "done", "resolv", "finish", "complet"]);
        let statuses = value.get("statuses");
        let said = statuses.is_none_or(|all| {
            each(all, |status| status.as_str().is_some_and(|status| self.all.holds(status)) || closed)
        });
        if text("ticket").is_some() {
            return self.all.has(&["ticket", "issue", "incident", "until"]) && said;
        }
        text("time").is_some_and(|time| self.all.holds(time))
    }
}

/// Whether something holds of each item of a list, or of what is none.
fn each(value: &Value, test: impl Fn(&Value) -> bool) -> bool {
    value.as_array().map_or_else(|| test(value), |items| items.iter().all(&test))
}
