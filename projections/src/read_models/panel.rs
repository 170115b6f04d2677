//! Questions about the panel: its sessions, and what it sees.

mod runs;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use draxis_domain::panel::{
    BreachLine, Change, Changes, ControlLine, FactLine, KriLine, OutcomeLine, RiskLine, Snapshot, VendorLine,
};
use draxis_domain::{Description, OutcomeId, PanelSessionId, Position, RiskId, TenantId};

use crate::error::ReadError;
use crate::page::{Page, PageOf};
use crate::panel_sessions::{
    PanelSessionRow, PanelSessions, PanelSessionsRow, PanelTurnRow, SESSIONS, session_key, turns_of,
};
use crate::past::AsOf;
use crate::read_models::ReadModels;
use crate::read_models::memory::Words;
use crate::reading::{Ask, List, Order};
use crate::risk_model::{Delta, Deltas, KriRow, ModelAt, OutcomeRow, RiskRow};
use crate::store::Range;

/// How many questions of a session are read at most (`PanelSession::TURNS`).
const TURNS: usize = 200;

/// How many passages of documents the panel is shown for a question.
const PASSAGES: usize = 6;

impl ReadModels {
    /// Sessions, newest first.
    pub async fn list_panel_sessions(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<PanelSessionRow>, ReadError> {
        let list = List { prefix: SESSIONS, order: Order::NewestFirst, page };
        self.live.page::<PanelSessions, _>(tenant, at_least, list, session).await
    }

    /// A session with all that was asked and answered.
    pub async fn find_panel_session(
        &self,
        tenant: TenantId,
        id: PanelSessionId,
        at_least: Option<Position>,
    ) -> Result<Option<(PanelSessionRow, Vec<PanelTurnRow>)>, ReadError> {
        let id = id.to_string();
        let found =
            self.live.read::<PanelSessions>(tenant, at_least, Ask::Named(&[session_key(&id)])).await?;
        let Some(row) = found.rows.into_iter().next().and_then(|(_, row)| session(row)) else {
            return Ok(None);
        };
        let range = Range::under(&turns_of(&id));
        let turns = self
            .live
            .read::<PanelSessions>(tenant, Some(found.position), Ask::Ascending(&range, TURNS))
            .await?;
        let turn = |row| if let PanelSessionsRow::Turn(turn) = row { Some(*turn) } else { None };
        Ok(Some((row, turns.rows.into_iter().filter_map(|(_, row)| turn(row)).collect())))
    }

    /// What the panel sees for a question: the risk model at the stream's head or a later position, and the runs and what is
    /// remembered as they were by then.
    pub async fn panel_snapshot(
        &self,
        tenant: TenantId,
        question: &str,
        at: DateTime<Utc>,
    ) -> Result<Snapshot, ReadError> {
        let mut snapshot = self.models.look(tenant, None, |model| seen(model, at)).await?;
        let until = snapshot.position;
        snapshot.runs = self.runs_seen(tenant, until).await?;
        let facts = self.all_facts(tenant, Some(until)).await?;
        // What was said since is not part of what is looked at.
        let facts = facts.into_iter().filter(|fact| fact.position <= until);
        snapshot.facts = facts
            .map(|fact| FactLine {
                key: fact.key,
                value: fact.value,
                source: fact.source.as_str().to_owned(),
            })
            .collect();
        let found = self.search_memory(tenant, Some(until), Words::Any(question), PASSAGES).await?;
        let found = found.documents.into_iter().filter(|found| found.document.position <= until);
        snapshot.documents = found.map(Into::into).collect();
        Ok(snapshot)
    }

    /// The risk model and the runs as the panel saw them at a position and from a time: what its citations are held against later.
    pub async fn panel_snapshot_as_of(
        &self,
        tenant: TenantId,
        position: Position,
        at: DateTime<Utc>,
    ) -> Result<Snapshot, ReadError> {
        let model = self.model_as_of(tenant, AsOf::Position(position)).await?;
        Ok(Snapshot { runs: self.runs_seen(tenant, position).await?, ..seen(&model, at) })
    }
}

fn session(row: PanelSessionsRow) -> Option<PanelSessionRow> {
    if let PanelSessionsRow::Session(session) = row { Some(*session) } else { None }
}

/// Everything in use at a position, as the panel sees it.
fn seen(model: &ModelAt, at: DateTime<Utc>) -> Snapshot {
    let mut outcomes_of: BTreeMap<RiskId, BTreeSet<OutcomeId>> = BTreeMap::new();
    for (outcome, risks) in &model.links.risks_of_outcome {
        for risk in risks {
            outcomes_of.entry(*risk).or_default().insert(*outcome);
        }
    }
    Snapshot {
        position: model.position,
        at,
        kris: model.kris().map(|kri| kri_line(kri, model, at)).collect(),
        risks: model
            .risks()
            .map(|row| risk_line(row, model, outcomes_of.get(&row.id).cloned().unwrap_or_default()))
            .collect(),
        outcomes: model.outcomes().map(|row| outcome_line(row, model)).collect(),
        controls: model
            .controls()
            .map(|row| ControlLine {
                id: row.id,
                name: row.name.clone(),
                about: about(row.description.as_ref()),
                state: row.state,
                risk_ids: model.view_control(row).risk_ids,
            })
            .collect(),
        vendors: model
            .vendors()
            .map(|row| VendorLine {
                id: row.id,
                name: row.name.clone(),
                about: about(row.description.as_ref()),
                criticality: row.criticality,
                owned: row.owner.is_some(),
            })
            .collect(),
        runs: Vec::new(),
        facts: Vec::new(),
        documents: Vec::new(),
    }
}

fn risk_line(row: &RiskRow, model: &ModelAt, outcome_ids: BTreeSet<OutcomeId>) -> RiskLine {
    let view = model.view_risk(row);
    RiskLine {
        id: row.id,
        name: row.name.clone(),
        about: about(row.description.as_ref()),
        status: row.status,
        severity: view.severity,
        likelihood: row.likelihood,
        impact: row.impact,
        coverage: view.coverage,
        unknown: view.unknown,
        kri_ids: view.kri_ids,
        control_ids: row.control_ids.clone(),
        outcome_ids,
        owned: row.owner.is_some(),
    }
}

fn outcome_line(row: &OutcomeRow, model: &ModelAt) -> OutcomeLine {
    let view = model.view_outcome(row);
    OutcomeLine {
        id: row.id,
        name: row.name.clone(),
        about: about(row.description.as_ref()),
        status: view.status,
        coverage: view.coverage,
        unknown: view.unknown,
        risk_ids: view.risk_ids,
        kri_ids: view.kri_ids,
    }
}

fn about(description: Option<&Description>) -> String {
    description.map(|text| text.as_str().to_owned()).unwrap_or_default()
}

fn kri_line(kri: &KriRow, model: &ModelAt, at: DateTime<Utc>) -> KriLine {
    let deltas = || Some(model.days(kri.id)?.deltas(at.date_naive(), kri.value?));
    KriLine {
        id: kri.id,
        slug: kri.slug.clone(),
        name: kri.name.clone(),
        about: about(kri.description.as_ref()),
        unit: kri.unit.clone(),
        direction: kri.direction,
        value: kri.value,
        status: kri.status,
        stale: kri.stale,
        warn: kri.warn,
        critical: kri.critical,
        changes: changes(deltas().unwrap_or_default()),
        points: kri.trend.iter().map(|point| (point.at, point.value)).collect(),
        breach: kri.breach.as_ref().map(|breach| BreachLine {
            id: breach.id,
            level: breach.level,
            opened_at: breach.opened_at,
            acknowledged: breach.acknowledged,
        }),
        risk_ids: kri.risk_ids.clone(),
        outcome_id: kri.outcome_id,
        owned: kri.owner.is_some(),
    }
}

fn changes(deltas: Deltas) -> Changes {
    let change = |delta: Option<Delta>| delta.map(|delta| Change { from: delta.from, change: delta.change });
    Changes {
        day: change(deltas.day),
        week: change(deltas.week),
        month: change(deltas.month),
        quarter: change(deltas.quarter),
    }
}
