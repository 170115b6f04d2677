//! Limits: what a workflow cannot do, and what an interviewer may not.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::desk::Desk;

const CAN: &str = "A workflow can email people, open Jira or ServiceNow tickets, post to Slack, ask the expert panel, produce documents, \
                   wait for approvals, and emit KRI events.";

/// Ways to reach people that there are not.
const CHANNELS: &[(&str, &str)] = &[
    ("sms", "send text messages"),
    ("phone", "call anybody"),
    ("telephone", "call anybody"),
    ("whatsapp", "send WhatsApp messages"),
    ("teams", "post to Teams"),
    ("pagerduty", "page through PagerDuty"),
    ("opsgenie", "page through Opsgenie"),
    ("telegram", "send Telegram messages"),
    ("discord", "post to Discord"),
    ("fax", "send a fax"),
    ("signal", "send Signal messages"),
    ("pager", "page anybody"),
    ("tweet", "tweet"),
    ("webhook", "call a webhook as a step"),
];

/// What would change other systems.
pub(super) const DEEDS: &[&str] = &[
    "shut",
    "wipe",
    "isolate",
    "block",
    "reboot",
    "restart",
    "kill",
    "quarantine",
    "patch",
    "install",
    "uninstall",
    "scan",
    "execute",
    "ssh",
    "lock",
    "unlock",
    "disable",
    "deactivate",
    "suspend",
    "revoke",
    "reset",
    "encrypt",
    "delete",
    "deploy",
    "rollback",
    "script",
    "fetch",
];

/// What is asked for that no workflow does.
pub(super) fn impossible(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    if let Some((_, what)) = CHANNELS.iter().find(|(word, _)| clause.has(&[*word])) {
        desk.note(format!("I cannot {what}. {CAN}"));
        return true;
    }
    let deed = clause.0.first().is_some_and(|word| DEEDS.contains(&word.low.as_str()))
        || clause.has(&["firewall", "laptops", "servers", "database", "script", "command"]);
    if deed {
        desk.note(format!(
            "That is not something I can do: a workflow changes no other system by itself. {CAN}"
        ));
    }
    deed
}

/// Activating is for the person, once the draft is confirmed.
pub(super) fn activation(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let activates = clause.starts_with(&["activate", "enable", "launch", "deploy"])
        || clause.phrase(&["activate", "it"])
        || clause.phrase(&["turn", "it", "on"])
        || clause.phrase(&["switch", "it", "on"])
        || clause.phrase(&["go", "live"])
        || clause.phrase(&["start", "it", "now"])
        || clause.phrase(&["run", "it", "now"]);
    if activates {
        desk.note("I only write the draft, and start nothing: confirm it when it is complete, then activate it yourself.");
    }
    let confirms = clause.starts_with(&["confirm", "confirmed", "looks", "lgtm"])
        || (clause.len() <= 4 && clause.has(&["confirm", "perfect"]));
    if confirms {
        desk.note("To confirm, send the digest of the draft that you have been shown: that is how we know we mean the same.");
    }
    activates || confirms
}
