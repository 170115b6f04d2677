//! A tenant for the tests of the panel.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use ulid::Ulid;

use crate::control::ControlState;
use crate::kri::{Direction, Level, Status};
use crate::panel::{
    BreachLine, Change, Changes, ControlLine, EffectKnown, FactLine, KriLine, OutcomeLine, RiskLine,
    RunCause, RunEffectLine, RunIncident, RunLine, RunStands, RunStepLine, RunWait, RunWaitsFor, Snapshot,
    StepStands, VendorLine,
};
use crate::risk::{RiskStatus, Score};
use crate::rollup::Coverage;
use crate::vendor::Criticality;
use crate::{
    BreachId, ControlId, FactKey, FactValue, KriId, KriSlug, Name, OutcomeId, Position, Quantity, RiskId,
    Unit, VendorId, WorkflowId, WorkflowRunId,
};

pub(crate) fn kri_id(n: u128) -> KriId {
    KriId::new(Ulid(n))
}

fn risk_id(n: u128) -> RiskId {
    RiskId::new(Ulid(100 + n))
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::days(20_000)
}

fn q(n: i64) -> Quantity {
    Quantity::new(n.into())
}

/// A KRI at a value, amber from 5 and red from 10, with what has been added in a month.
pub(crate) fn kri(n: u128, name: &str, value: Option<i64>, month: i64) -> KriLine {
    let status = match value {
        None => Status::Unknown,
        Some(10..) => Status::Red,
        Some(5..) => Status::Amber,
        Some(_) => Status::Green,
    };
    let breach = status.level().map(|level| BreachLine {
        id: BreachId::new(Ulid(1000 + n)),
        level,
        opened_at: now() - Duration::days(i64::try_from(n).unwrap() * 3),
        acknowledged: level == Level::Amber,
    });
    let month = value.map(|value| Change { from: q(value - month), change: q(month) });
    KriLine {
        id: kri_id(n),
        slug: KriSlug::parse(&name.to_lowercase().replace(' ', "_")).unwrap(),
        name: Name::parse(name).unwrap(),
        about: String::new(),
        unit: Unit::parse("count").unwrap(),
        direction: Direction::HigherIsWorse,
        value: value.map(q),
        status,
        stale: false,
        warn: q(5),
        critical: q(10),
        changes: Changes { month, ..Changes::default() },
        points: Vec::new(),
        breach,
        risk_ids: BTreeSet::from([risk_id(n)]),
        outcome_id: None,
        owned: n != 3,
    }
}

fn risk(n: u128, name: &str, severity: Status) -> RiskLine {
    RiskLine {
        id: risk_id(n),
        name: Name::parse(name).unwrap(),
        about: String::new(),
        status: RiskStatus::Open,
        severity,
        likelihood: Score::try_new(4).unwrap(),
        impact: Score::try_new(5).unwrap(),
        coverage: Coverage { measured: 1, total: 1 },
        unknown: 0,
        kri_ids: BTreeSet::from([kri_id(n)]),
        control_ids: BTreeSet::new(),
        outcome_ids: BTreeSet::from([OutcomeId::new(Ulid(200))]),
        owned: true,
    }
}

fn run(n: u128, workflow: &str, cause: RunCause, state: RunStands) -> RunLine {
    let step = |id: &str, kind: &str, state| RunStepLine { id: id.to_owned(), kind: kind.to_owned(), state };
    RunLine {
        id: WorkflowRunId::new(Ulid(500 + n)),
        workflow_id: WorkflowId::new(Ulid(600 + n)),
        workflow: workflow.to_owned(),
        version: 2,
        cause,
        state,
        started_at: now() - Duration::days(6),
        ended_at: None,
        steps: vec![
            step("ticket", "create_ticket", StepStands::Done),
            step("step2", "post_slack", StepStands::UnderWay),
        ],
        wait: None,
        incident: None,
        effects: Vec::new(),
    }
}

fn failed_run() -> RunLine {
    RunLine {
        incident: Some(RunIncident {
            step: "step2".to_owned(),
            code: "relay.credentials".to_owned(),
            detail: "the far side answered 401".to_owned(),
            at: now() - Duration::days(5),
        }),
        effects: vec![RunEffectLine {
            channel: "jira".to_owned(),
            known: EffectKnown::Done,
            made: Some("SEC-17".to_owned()),
        }],
        ..run(1, "Patch in 7 days", RunCause::KriBreach(kri_id(1)), RunStands::Failed)
    }
}

fn waiting_run() -> RunLine {
    RunLine {
        wait: Some(RunWait {
            step: "approve".to_owned(),
            what: RunWaitsFor::Approval,
            since: now() - Duration::days(4),
        }),
        ..run(2, "Quarterly drill", RunCause::Manual, RunStands::Waiting)
    }
}

/// A small tenant with one of everything.
pub(crate) fn snapshot() -> Snapshot {
    let mut ransomware = risk(1, "Ransomware", Status::Red);
    ransomware.control_ids.insert(ControlId::new(Ulid(300)));
    Snapshot {
        position: Position::new(42),
        at: now(),
        kris: vec![
            kri(1, "Critical CVEs unpatched", Some(12), 4),
            kri(2, "Phishing click rate", Some(6), 0),
            kri(3, "Personal data exports", Some(2), -1),
            kri(4, "Backups untested", None, 0),
        ],
        risks: vec![
            risk(3, "Loss of customer data", Status::Green),
            risk(2, "Account takeover", Status::Amber),
            ransomware,
            risk(4, "No recovery", Status::Unknown),
        ],
        outcomes: vec![OutcomeLine {
            id: OutcomeId::new(Ulid(200)),
            name: Name::parse("Customers can pay").unwrap(),
            about: String::new(),
            status: Status::Red,
            coverage: Coverage { measured: 3, total: 4 },
            unknown: 1,
            risk_ids: (1..=4).map(risk_id).collect(),
            kri_ids: BTreeSet::new(),
        }],
        controls: vec![ControlLine {
            id: ControlId::new(Ulid(300)),
            name: Name::parse("Patch within a week").unwrap(),
            about: String::new(),
            state: ControlState::Ineffective,
            risk_ids: BTreeSet::from([risk_id(1)]),
        }],
        vendors: vec![VendorLine {
            id: VendorId::new(Ulid(400)),
            name: Name::parse("Payments Ltd").unwrap(),
            about: String::new(),
            criticality: Criticality::Critical,
            owned: false,
        }],
        runs: vec![failed_run(), waiting_run()],
        facts: vec![FactLine {
            key: FactKey::parse("insurance.limit").unwrap(),
            value: FactValue::parse("The policy pays up to 25 million.").unwrap(),
            source: "broker".to_owned(),
        }],
        documents: Vec::new(),
    }
}
