//! A tenant for the tests of the panel.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use ulid::Ulid;

use crate::control::ControlState;
use crate::kri::{Direction, Level, Status};
use crate::panel::{
    BreachLine, Change, Changes, ControlLine, FactLine, KriLine, OutcomeLine, RiskLine, Snapshot, VendorLine,
};
use crate::risk::{RiskStatus, Score};
use crate::rollup::Coverage;
use crate::vendor::Criticality;
use crate::{
    BreachId, ControlId, FactKey, FactValue, KriId, KriSlug, Name, OutcomeId, Position, Quantity, RiskId,
    Unit, VendorId,
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
        facts: vec![FactLine {
            key: FactKey::parse("insurance.limit").unwrap(),
            value: FactValue::parse("The policy pays up to 25 million.").unwrap(),
            source: "broker".to_owned(),
        }],
        documents: Vec::new(),
    }
}
