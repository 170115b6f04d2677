//! The ledger: everything in a snapshot that can be cited, by its place.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::kri::Status;
use crate::panel::{
    Change, Citation, CitedKind, ControlLine, EffectKnown, KriLine, OutcomeLine, RiskLine, RunLine,
    RunStands, Snapshot, StepStands, VendorLine,
};

/// A place: what sort of thing, which one, which of its fields.
pub type Place = (CitedKind, String, String);

/// What stands at every place of a snapshot.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    entries: BTreeMap<Place, String>,
}

impl Ledger {
    /// What stands where in a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut ledger = Self::default();
        snapshot.kris.iter().for_each(|kri| ledger.enter_kri(kri, snapshot));
        snapshot.risks.iter().for_each(|risk| ledger.enter_risk(risk));
        snapshot.outcomes.iter().for_each(|outcome| ledger.enter_outcome(outcome));
        snapshot.controls.iter().for_each(|control| ledger.enter_control(control));
        snapshot.vendors.iter().for_each(|vendor| ledger.enter_vendor(vendor));
        snapshot.runs.iter().for_each(|run| ledger.enter_run(run, snapshot));
        for fact in &snapshot.facts {
            ledger.enter(CitedKind::Fact, &fact.key, "value", &fact.value);
        }
        for document in &snapshot.documents {
            ledger.enter(CitedKind::Document, &document.id, "passage", &document.passage);
        }
        ledger.enter_portfolio(snapshot);
        ledger
    }

    /// What stands at a place.
    pub fn find(&self, kind: CitedKind, id: &str, field: &str) -> Option<&str> {
        self.entries.get(&(kind, id.to_owned(), field.to_owned())).map(String::as_str)
    }

    /// The citation of a place.
    pub fn cite(&self, kind: CitedKind, id: &str, field: &str) -> Option<Citation> {
        let value = self.find(kind, id, field)?.to_owned();
        Some(Citation { kind, id: id.to_owned(), field: field.to_owned(), value })
    }

    /// Every place with what stands there.
    pub const fn entries(&self) -> &BTreeMap<Place, String> {
        &self.entries
    }

    fn enter(&mut self, kind: CitedKind, id: &impl ToString, field: &str, value: &impl ToString) {
        self.entries.insert((kind, id.to_string(), field.to_owned()), value.to_string());
    }

    /// Enters a word as the wire writes it.
    fn word(&mut self, kind: CitedKind, id: &impl ToString, field: &str, value: &impl Serialize) {
        if let Ok(serde_json::Value::String(word)) = serde_json::to_value(value) {
            self.enter(kind, id, field, &word);
        }
    }

    fn enter_kri(&mut self, kri: &KriLine, snapshot: &Snapshot) {
        let kind = CitedKind::Kri;
        self.word(kind, &kri.id, "status", &kri.status);
        self.enter(kind, &kri.id, "warn", &kri.warn);
        self.enter(kind, &kri.id, "critical", &kri.critical);
        self.enter(kind, &kri.id, "stale", &kri.stale);
        self.enter(kind, &kri.id, "unit", &kri.unit);
        if let Some(value) = kri.value {
            self.enter(kind, &kri.id, "value", &value);
        }
        let changes = &kri.changes;
        for (days, change) in
            [("1", changes.day), ("7", changes.week), ("30", changes.month), ("90", changes.quarter)]
        {
            let Some(Change { from, change }) = change else { continue };
            self.enter(kind, &kri.id, &format!("deltas.{days}.from"), &from);
            self.enter(kind, &kri.id, &format!("deltas.{days}.change"), &change);
            self.enter(kind, &kri.id, &format!("deltas.{days}.days"), &days);
        }
        for (at, value) in &kri.points {
            let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            self.enter(kind, &kri.id, &format!("trend.{at}"), value);
        }
        if let Some(breach) = &kri.breach {
            let kind = CitedKind::Breach;
            self.word(kind, &breach.id, "level", &breach.level);
            self.enter(kind, &breach.id, "ageDays", &breach.age_days(snapshot.at));
            let opened = breach.opened_at.to_rfc3339_opts(SecondsFormat::Secs, true);
            self.enter(kind, &breach.id, "openedAt", &opened);
        }
    }

    fn enter_risk(&mut self, risk: &RiskLine) {
        let kind = CitedKind::Risk;
        self.word(kind, &risk.id, "severity", &risk.severity);
        self.word(kind, &risk.id, "status", &risk.status);
        self.enter(kind, &risk.id, "likelihood", &risk.likelihood.get());
        self.enter(kind, &risk.id, "impact", &risk.impact.get());
        let score = u16::from(risk.likelihood.get()).saturating_mul(u16::from(risk.impact.get()));
        self.enter(kind, &risk.id, "score", &score);
        self.enter(kind, &risk.id, "coverage.measured", &risk.coverage.measured);
        self.enter(kind, &risk.id, "coverage.total", &risk.coverage.total);
        self.enter(kind, &risk.id, "unknown", &risk.unknown);
        self.enter(kind, &risk.id, "kris", &risk.kri_ids.len());
        self.enter(kind, &risk.id, "controls", &risk.control_ids.len());
        self.enter(kind, &risk.id, "outcomes", &risk.outcome_ids.len());
    }

    fn enter_outcome(&mut self, outcome: &OutcomeLine) {
        let kind = CitedKind::Outcome;
        self.word(kind, &outcome.id, "status", &outcome.status);
        self.enter(kind, &outcome.id, "coverage.measured", &outcome.coverage.measured);
        self.enter(kind, &outcome.id, "coverage.total", &outcome.coverage.total);
        self.enter(kind, &outcome.id, "unknown", &outcome.unknown);
        self.enter(kind, &outcome.id, "risks", &outcome.risk_ids.len());
        self.enter(kind, &outcome.id, "kris", &outcome.kri_ids.len());
    }

    fn enter_control(&mut self, control: &ControlLine) {
        self.word(CitedKind::Control, &control.id, "state", &control.state);
        self.enter(CitedKind::Control, &control.id, "risks", &control.risk_ids.len());
    }

    fn enter_vendor(&mut self, vendor: &VendorLine) {
        self.word(CitedKind::Vendor, &vendor.id, "criticality", &vendor.criticality);
    }

    fn enter_run(&mut self, run: &RunLine, snapshot: &Snapshot) {
        let kind = CitedKind::Run;
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        self.enter(kind, &run.id, "state", &run.state.as_str());
        self.enter(kind, &run.id, "cause", &run.cause.as_str());
        self.enter(kind, &run.id, "version", &run.version);
        self.enter(kind, &run.id, "startedAt", &time(run.started_at));
        if let Some(ended_at) = run.ended_at {
            self.enter(kind, &run.id, "endedAt", &time(ended_at));
        }
        self.enter(kind, &run.id, "steps", &run.steps.len());
        self.enter(kind, &run.id, "steps.done", &run.steps_in(StepStands::Done));
        self.enter(kind, &run.id, "steps.failed", &run.steps_in(StepStands::Failed));
        self.enter(kind, &run.id, "effects", &run.effects.len());
        self.enter(kind, &run.id, "effects.done", &run.effects_known(EffectKnown::Done));
        self.enter(kind, &run.id, "effects.ambiguous", &run.effects_known(EffectKnown::Ambiguous));
        for (n, effect) in run.effects.iter().enumerate() {
            self.enter(kind, &run.id, &format!("effects.{n}.channel"), &effect.channel);
            self.word(kind, &run.id, &format!("effects.{n}.known"), &effect.known);
            if let Some(made) = &effect.made {
                self.enter(kind, &run.id, &format!("effects.{n}.made"), made);
            }
        }
        if let Some(wait) = &run.wait {
            self.word(kind, &run.id, "wait.for", &wait.what);
            self.enter(kind, &run.id, "wait.step", &wait.step);
            self.enter(kind, &run.id, "wait.since", &time(wait.since));
            self.enter(kind, &run.id, "wait.days", &wait.days(snapshot.at));
        }
        if let Some(incident) = &run.incident {
            self.enter(kind, &run.id, "incident.step", &incident.step);
            self.enter(kind, &run.id, "incident.code", &incident.code);
            self.enter(kind, &run.id, "incident.detail", &incident.detail);
            self.enter(kind, &run.id, "incident.at", &time(incident.at));
        }
    }

    fn enter_portfolio(&mut self, snapshot: &Snapshot) {
        let kris = |keep: &dyn Fn(&KriLine) -> bool| snapshot.kris.iter().filter(|kri| keep(kri)).count();
        for (field, count) in [
            ("kris", snapshot.kris.len()),
            ("kris.red", kris(&|kri| kri.status == Status::Red)),
            ("kris.amber", kris(&|kri| kri.status == Status::Amber)),
            ("kris.green", kris(&|kri| kri.status == Status::Green)),
            ("kris.unknown", kris(&|kri| kri.status == Status::Unknown)),
            ("kris.stale", kris(&|kri| kri.stale)),
            ("kris.blind", kris(&KriLine::blind)),
            ("breaches.open", kris(&|kri| kri.breach.is_some())),
            ("risks", snapshot.risks.len()),
            ("risks.open", snapshot.risks.iter().filter(|risk| risk.status.threatens()).count()),
            ("outcomes", snapshot.outcomes.len()),
            ("controls", snapshot.controls.len()),
            ("vendors", snapshot.vendors.len()),
            ("facts", snapshot.facts.len()),
        ] {
            self.enter(CitedKind::Portfolio, &"all", field, &count);
        }
        // Of runs only the latest are looked at, and no count says more than that.
        self.enter(CitedKind::Portfolio, &"all", "runs.latest", &snapshot.runs.len());
        for state in RunStands::ALL {
            let so = snapshot.runs.iter().filter(|run| run.state == state).count();
            self.enter(CitedKind::Portfolio, &"all", &format!("runs.latest.{}", state.as_str()), &so);
        }
    }
}
