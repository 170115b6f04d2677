//! What is said of one thing: a KRI, a risk, an outcome, a control, a third party.

use crate::control::ControlState;
use crate::kri::{Level, Status};
use crate::panel::rules::page::Page;
use crate::panel::rules::rank::Ranked;
use crate::panel::{
    Changes, CitedKind, ControlLine, KriLine, OutcomeLine, RiskLine, RunCause, RunLine, RunStands,
    RunWaitsFor, Snapshot, Trend, VendorLine,
};
use crate::risk::RiskStatus;
use crate::vendor::Criticality;

pub(super) const fn colour(status: Status) -> &'static str {
    match status {
        Status::Green => "green",
        Status::Unknown => "unknown",
        Status::Amber => "amber",
        Status::Red => "red",
    }
}

/// How a KRI stands: colour, value, threshold, freshness, trend, breach.
pub(super) fn kri(page: &mut Page<'_>, kri: &KriLine) {
    let kind = CitedKind::Kri;
    page.name(kri.name.as_str()).bear_out(kind, &kri.id, "status");
    if kri.value.is_some() {
        page.say(" is ")
            .say(colour(kri.status))
            .say(" at ")
            .cited(kind, &kri.id, "value")
            .unit(kri.unit.as_str(), &kri.id);
        threshold(page, kri);
    } else {
        page.say(" has never been measured");
    }
    if kri.stale {
        page.say(", and that reading is stale").bear_out(kind, &kri.id, "stale");
    }
    change(page, kri);
    if let Some(breach) = &kri.breach {
        let level = match breach.level {
            Level::Amber => "amber",
            Level::Red => "red",
        };
        page.say("; in ")
            .say(level)
            .say(" breach for ")
            .cited(CitedKind::Breach, &breach.id, "ageDays")
            .say(" days");
        page.say(if breach.acknowledged { "" } else { ", which nobody has acknowledged" });
    }
}

fn threshold(page: &mut Page<'_>, kri: &KriLine) {
    let (word, field) = match kri.status {
        Status::Red => ("red from", "critical"),
        Status::Amber => ("amber from", "warn"),
        Status::Green | Status::Unknown => ("amber would begin at", "warn"),
    };
    page.say(" (").say(word).say(" ").cited(CitedKind::Kri, &kri.id, field).say(")");
}

fn change(page: &mut Page<'_>, kri: &KriLine) {
    let Changes { day, week, month, .. } = kri.changes;
    let span = if month.is_some() {
        "30"
    } else if week.is_some() {
        "7"
    } else if day.is_some() {
        "1"
    } else {
        return;
    };
    let kind = CitedKind::Kri;
    let way = match kri.trend() {
        Trend::Worse => "worse by ",
        Trend::Better => "better by ",
        Trend::Flat => {
            page.say(", unchanged over ").cited(kind, &kri.id, &format!("deltas.{span}.days")).say(" days");
            return;
        }
        Trend::Unknown => return,
    };
    page.say(", ").say(way).cited_bare(kind, &kri.id, &format!("deltas.{span}.change"));
    page.say(" than ").cited(kind, &kri.id, &format!("deltas.{span}.days")).say(" days before");
}

/// How a risk stands, and why it stands where it does.
pub(super) fn risk(page: &mut Page<'_>, ranked: &Ranked<'_>, snapshot: &Snapshot) {
    let risk = ranked.risk;
    let kind = CitedKind::Risk;
    page.name(risk.name.as_str()).say(" is ").say(colour(risk.severity)).bear_out(kind, &risk.id, "severity");
    page.say(match risk.status {
        RiskStatus::Open => "",
        RiskStatus::Accepted => " (accepted)",
        RiskStatus::Mitigated => " (mitigated)",
        RiskStatus::Closed => " (closed)",
    });
    page.say(": likelihood ").cited(kind, &risk.id, "likelihood");
    page.say(" and impact ").cited(kind, &risk.id, "impact").say(" before any control. ");
    behind(page, ranked);
    measured(page, risk);
    held_down(page, risk, snapshot);
    threatened(page, risk, snapshot);
    if !risk.owned {
        page.say(" Nobody answers for it yet.");
    }
}

/// The KRIs that make it so, at most the worst three.
fn behind(page: &mut Page<'_>, ranked: &Ranked<'_>) {
    let telling = ranked.kris.iter().filter(|kri| kri.status != Status::Green || kri.trend() == Trend::Worse);
    for line in telling.take(3) {
        kri(page, line);
        page.say(". ");
    }
    if ranked.kris.is_empty() {
        page.say("No KRI measures it, so its severity is a blank. ");
    }
}

fn measured(page: &mut Page<'_>, risk: &RiskLine) {
    if risk.coverage.measured < risk.coverage.total {
        let kind = CitedKind::Risk;
        page.say("Only ").cited(kind, &risk.id, "coverage.measured").say(" of ").cited(
            kind,
            &risk.id,
            "coverage.total",
        );
        page.say(" of its KRIs have a fresh value.");
    }
}

fn held_down(page: &mut Page<'_>, risk: &RiskLine, snapshot: &Snapshot) {
    for control in risk.control_ids.iter().filter_map(|id| snapshot.control(*id)) {
        if matches!(control.state, ControlState::Ineffective | ControlState::Unknown) {
            page.say(" Its control ").name(control.name.as_str()).say(match control.state {
                ControlState::Ineffective => " is ineffective.",
                ControlState::Effective | ControlState::Partial | ControlState::Unknown => {
                    " has not been looked at."
                }
            });
            page.bear_out(CitedKind::Control, &control.id, "state");
        }
    }
    if risk.control_ids.is_empty() {
        page.say(" No control is linked to it.");
    }
}

fn threatened(page: &mut Page<'_>, risk: &RiskLine, snapshot: &Snapshot) {
    let mut outcomes = risk.outcome_ids.iter().filter_map(|id| snapshot.outcome(*id));
    if let Some(first) = outcomes.next() {
        page.say(" It threatens ").name(first.name.as_str());
        for outcome in outcomes {
            page.say(", ").name(outcome.name.as_str());
        }
        page.say(".");
    }
}

/// How an outcome stands, and what makes it so.
pub(super) fn outcome(page: &mut Page<'_>, outcome: &OutcomeLine, ranked: &[Ranked<'_>]) {
    let kind = CitedKind::Outcome;
    page.name(outcome.name.as_str()).say(" is ").say(colour(outcome.status)).bear_out(
        kind,
        &outcome.id,
        "status",
    );
    page.say(": ").cited(kind, &outcome.id, "risks").say(" linked risk(s), ");
    page.cited(kind, &outcome.id, "coverage.measured").say(" of ").cited(kind, &outcome.id, "coverage.total");
    page.say(" KRIs with a fresh value.");
    let worst = ranked.iter().find(|ranked| outcome.risk_ids.contains(&ranked.risk.id));
    if let Some(worst) = worst {
        page.say(" What threatens it most is ").name(worst.risk.name.as_str()).say(", which is ");
        page.say(colour(worst.risk.severity)).say(".").bear_out(CitedKind::Risk, &worst.risk.id, "severity");
    }
}

/// How a control does.
pub(super) fn control(page: &mut Page<'_>, control: &ControlLine) {
    let kind = CitedKind::Control;
    page.name(control.name.as_str()).say(match control.state {
        ControlState::Effective => " is effective",
        ControlState::Partial => " is partly effective",
        ControlState::Ineffective => " is ineffective, which raises the risks under it",
        ControlState::Unknown => " has not been looked at",
    });
    page.bear_out(kind, &control.id, "state");
    page.say("; it holds down ").cited(kind, &control.id, "risks").say(" risk(s).");
}

/// What hangs on a third party.
pub(super) fn vendor(page: &mut Page<'_>, vendor: &VendorLine) {
    page.name(vendor.name.as_str()).say(match vendor.criticality {
        Criticality::Low => " is of low criticality",
        Criticality::Medium => " is of medium criticality",
        Criticality::High => " is of high criticality",
        Criticality::Critical => " is critical: the business itself hangs on it",
    });
    page.bear_out(CitedKind::Vendor, &vendor.id, "criticality");
    page.say(if vendor.owned { "." } else { ", and nobody answers for the relation." });
}

pub(super) const fn stands(state: RunStands) -> &'static str {
    match state {
        RunStands::Running => "under way",
        RunStands::Waiting => "waiting",
        RunStands::Completed => "complete",
        RunStands::Rejected => "decided against",
        RunStands::Failed => "failed",
        RunStands::Cancelled => "cancelled",
    }
}

/// How far a run is, what set it off, and what it waits for or stumbled over.
pub(super) fn run(page: &mut Page<'_>, run: &RunLine, snapshot: &Snapshot) {
    let kind = CitedKind::Run;
    page.say("A run of ").name(&run.workflow).say(", set off by ");
    match run.cause {
        RunCause::KriBreach(kri) => match snapshot.kri(kri) {
            Some(kri) => page.say("the breach of ").name(kri.name.as_str()),
            None => page.say("a breach"),
        },
        RunCause::Schedule => page.say("its schedule"),
        RunCause::Manual => page.say("a person"),
    };
    page.bear_out(kind, &run.id, "cause").say(" at ").cited(kind, &run.id, "startedAt");
    page.say(match run.state {
        RunStands::Running => ", goes on",
        RunStands::Waiting => ", waits",
        RunStands::Completed => ", is complete",
        RunStands::Rejected => ", was decided against",
        RunStands::Failed => ", has failed and needs a person",
        RunStands::Cancelled => ", was cancelled",
    });
    page.bear_out(kind, &run.id, "state");
    if let Some(wait) = &run.wait {
        page.say(match wait.what {
            RunWaitsFor::Time => " for a time",
            RunWaitsFor::Ticket => " for its ticket",
            RunWaitsFor::Approval => " for people to decide",
        });
        page.bear_out(kind, &run.id, "wait.for");
        page.say(", for ").cited(kind, &run.id, "wait.days").say(" days by now");
    }
    if let Some(incident) = &run.incident {
        page.say(" at the step ").name(&incident.step).bear_out(kind, &run.id, "incident.step");
        page.say(" (").cited(kind, &run.id, "incident.code").say(")");
    }
    page.say("; ")
        .cited(kind, &run.id, "steps.done")
        .say(" of ")
        .cited(kind, &run.id, "steps")
        .say(" steps are done.");
    for (n, effect) in run.effects.iter().enumerate().filter(|(_, effect)| effect.made.is_some()) {
        page.say(" Through ").say(&effect.channel).say(" it has made “");
        page.cited(kind, &run.id, &format!("effects.{n}.made")).say("”.");
    }
}
