//! The parts of an answer, one for each thing that a question may be about.

use crate::control::ControlState;
use crate::panel::rules::line;
use crate::panel::rules::page::Page;
use crate::panel::rules::question::{Subject, Understood, bare, telling};
use crate::panel::rules::rank::{Ranked, breached};
use crate::panel::{CitedKind, KriLine, RunLine, RunStands, Snapshot, Trend};

/// How many of a kind are listed where the question does not say.
const LISTED: usize = 5;
/// How many of the top where the question does not say: "the quarter's top three".
const TOP: usize = 3;

/// What the question names.
pub(super) fn subjects(page: &mut Page<'_>, asked: &Understood, snapshot: &Snapshot, ranked: &[Ranked<'_>]) {
    for subject in &asked.subjects {
        page.line();
        match subject {
            Subject::Kri(id) => {
                if let Some(kri) = snapshot.kri(*id) {
                    line::kri(page, kri);
                    page.say(". ");
                    measures(page, kri, snapshot);
                }
            }
            Subject::Risk(id) => match ranked.iter().find(|ranked| ranked.risk.id == *id) {
                Some(found) => line::risk(page, found, snapshot),
                None => laid_to_rest(page, snapshot.risk(*id).map(|risk| risk.name.as_str())),
            },
            Subject::Outcome(id) => {
                if let Some(outcome) = snapshot.outcome(*id) {
                    line::outcome(page, outcome, ranked);
                }
            }
            Subject::Control(id) => {
                if let Some(control) = snapshot.control(*id) {
                    line::control(page, control);
                }
            }
            Subject::Vendor(id) => {
                if let Some(vendor) = snapshot.vendors.iter().find(|vendor| vendor.id == *id) {
                    line::vendor(page, vendor);
                }
            }
            Subject::Workflow(id) => {
                let runs = snapshot.runs.iter().filter(|run| run.workflow_id == *id);
                for (n, run) in runs.take(asked.how_many.unwrap_or(TOP)).enumerate() {
                    if n > 0 {
                        page.line();
                    }
                    line::run(page, run, snapshot);
                }
            }
        }
    }
}

fn laid_to_rest(page: &mut Page<'_>, name: Option<&str>) {
    if let Some(name) = name {
        page.name(name).say(" is mitigated or closed, so it no longer threatens an outcome.");
    }
}

fn measures(page: &mut Page<'_>, kri: &KriLine, snapshot: &Snapshot) {
    let mut risks = kri.risk_ids.iter().filter_map(|id| snapshot.risk(*id));
    if let Some(first) = risks.next() {
        page.say("It measures ").name(first.name.as_str());
        for risk in risks {
            page.say(", ").name(risk.name.as_str());
        }
        page.say(".");
    } else {
        page.say("It is linked to no risk, so it shows but does not roll up.");
    }
    if !kri.owned {
        page.say(" Nobody answers for it yet.");
    }
}

/// The risks to put first, with reasons.
pub(super) fn top(page: &mut Page<'_>, asked: &Understood, snapshot: &Snapshot, ranked: &[Ranked<'_>]) {
    if ranked.is_empty() {
        page.line().say("No risk is open or accepted, so there is nothing to rank. ");
        page.cited(CitedKind::Portfolio, &"all", "kris").say(" KRIs are defined, ");
        page.cited(CitedKind::Portfolio, &"all", "kris.red").say(" of them red.");
        return;
    }
    page.line().say("What to put first this quarter:");
    for (place, ranked) in ranked.iter().take(asked.how_many.unwrap_or(TOP)).enumerate() {
        page.line().say(&format!("{}. ", place.saturating_add(1)));
        line::risk(page, ranked, snapshot);
    }
}

/// How everything stands, in a sentence.
pub(super) fn overview(page: &mut Page<'_>) {
    let (kind, all) = (CitedKind::Portfolio, "all");
    page.line()
        .say("Of ")
        .cited(kind, &all, "kris")
        .say(" KRIs, ")
        .cited(kind, &all, "kris.red")
        .say(" are red, ");
    page.cited(kind, &all, "kris.amber").say(" amber, ").cited(kind, &all, "kris.green").say(" green and ");
    page.cited(kind, &all, "kris.unknown")
        .say(" unknown; ")
        .cited(kind, &all, "kris.stale")
        .say(" are stale and ");
    page.cited(kind, &all, "breaches.open").say(" breaches are open.");
}

/// What is in breach.
pub(super) fn breaches(page: &mut Page<'_>, asked: &Understood, snapshot: &Snapshot) {
    let open = breached(snapshot);
    page.line().cited(CitedKind::Portfolio, &"all", "breaches.open").say(" breaches are open.");
    listed(page, open, asked);
}

/// Which way things go.
pub(super) fn trend(page: &mut Page<'_>, asked: &Understood, snapshot: &Snapshot) {
    let going = |way| snapshot.kris.iter().filter(move |kri: &&KriLine| kri.trend() == way);
    if going(Trend::Worse).next().is_none() && going(Trend::Better).next().is_none() {
        page.line().say("No KRI has moved to the better or the worse as far as its history reaches.");
        return;
    }
    for (heading, way) in [("Getting worse:", Trend::Worse), ("Getting better:", Trend::Better)] {
        let mut kris: Vec<&KriLine> = going(way).collect();
        kris.sort_by_key(|kri| (std::cmp::Reverse(kri.status), kri.id));
        if !kris.is_empty() {
            page.line().say(heading);
            listed(page, kris, asked);
        }
    }
}

/// What nobody knows.
pub(super) fn blind(page: &mut Page<'_>, asked: &Understood, snapshot: &Snapshot) {
    let (kind, all) = (CitedKind::Portfolio, "all");
    page.line().cited(kind, &all, "kris.blind").say(" of ").cited(kind, &all, "kris");
    page.say(
        " KRIs say nothing of the present: never measured, or too long ago. None of them counts as healthy.",
    );
    listed(page, snapshot.kris.iter().filter(|kri| kri.blind()).collect(), asked);
}

fn listed(page: &mut Page<'_>, kris: Vec<&KriLine>, asked: &Understood) {
    for kri in kris.into_iter().take(asked.how_many.unwrap_or(LISTED)) {
        page.line().say("- ");
        line::kri(page, kri);
        page.say(".");
    }
}

/// What workflows have done and wait for: of the latest runs those first that a person has to do something about.
pub(super) fn runs(page: &mut Page<'_>, asked: &Understood, snapshot: &Snapshot) {
    let (kind, all) = (CitedKind::Portfolio, "all");
    if snapshot.runs.is_empty() {
        page.line().say("No workflow has run yet.");
        return;
    }
    page.line().say("Latest runs of workflows: ").cited(kind, &all, "runs.latest").say(", of which ");
    let found = |state: &RunStands| snapshot.runs.iter().any(|run| run.state == *state);
    for (n, state) in RunStands::ALL.into_iter().filter(found).enumerate() {
        page.say(if n == 0 { "" } else { ", " });
        page.cited(kind, &all, &format!("runs.latest.{}", state.as_str())).say(" ").say(line::stands(state));
    }
    page.say(".");
    let urgent = |run: &RunLine| match run.state {
        RunStands::Failed => 0,
        RunStands::Waiting => 1,
        RunStands::Running => 2,
        RunStands::Completed | RunStands::Rejected | RunStands::Cancelled => 3,
    };
    let mut runs: Vec<&RunLine> = snapshot.runs.iter().collect();
    runs.sort_by_key(|run| urgent(run));
    for run in runs.into_iter().take(asked.how_many.unwrap_or(LISTED)) {
        page.line().say("- ");
        line::run(page, run, snapshot);
    }
}

/// What holds risks down, and what does not.
pub(super) fn controls(page: &mut Page<'_>, snapshot: &Snapshot) {
    let weak = |state| !matches!(state, ControlState::Effective);
    page.line().cited(CitedKind::Portfolio, &"all", "controls").say(" controls are on record.");
    for control in snapshot.controls.iter().filter(|control| weak(control.state)).take(LISTED) {
        page.line().say("- ");
        line::control(page, control);
    }
    if !snapshot.controls.is_empty() && !snapshot.controls.iter().any(|control| weak(control.state)) {
        page.say(" All of them are effective.");
    }
}

/// What the business wants, and how that is threatened.
pub(super) fn outcomes(page: &mut Page<'_>, snapshot: &Snapshot, ranked: &[Ranked<'_>]) {
    page.line().cited(CitedKind::Portfolio, &"all", "outcomes").say(" outcomes are on record.");
    let mut outcomes: Vec<_> = snapshot.outcomes.iter().collect();
    outcomes.sort_by_key(|outcome| (std::cmp::Reverse(outcome.status), outcome.id));
    for outcome in outcomes.into_iter().take(LISTED) {
        page.line().say("- ");
        line::outcome(page, outcome, ranked);
    }
}

/// What is remembered that has to do with the question; all of it, as far as there is room, where memory itself is asked for.
#[expect(clippy::fn_params_excessive_bools, reason = "one question, with yes or no")]
pub(super) fn memory(page: &mut Page<'_>, asked: &Understood, snapshot: &Snapshot, everything: bool) {
    let near = |text: &str| bare(text).iter().any(|word| telling(word) && asked.words.contains(word));
    let facts = snapshot
        .facts
        .iter()
        .filter(|fact| everything || near(fact.key.as_str()) || near(fact.value.as_str()));
    for fact in facts.take(LISTED) {
        page.line().say("From memory, ").name(fact.key.as_str()).say(": ");
        page.cited(CitedKind::Fact, &fact.key, "value");
    }
    for document in snapshot.documents.iter().take(TOP) {
        page.line().say("From the document ").name(document.title.as_str()).say(": ");
        page.cited(CitedKind::Document, &document.id, "passage");
    }
    if everything && snapshot.facts.is_empty() && snapshot.documents.is_empty() {
        page.line().say("Nothing that has to do with this is in the institutional memory.");
    }
}
