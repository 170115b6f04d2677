//! Relays as they are read: settings, health and use. Nothing of their secrets.

use chrono::{DateTime, Utc};
use draxis_domain::relay::{Channel, RelayEvent, RelaySettings, RelayTested, TestOutcome};
use draxis_domain::workflow_run::OfEffect;
use draxis_domain::{Recorded, TenantEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::projection::Projection;
use crate::store::Table;
use crate::workflow_runs::of_run;

/// The projection of relays, one row each under its channel, while it is set up.
#[derive(Debug, Clone, Copy)]
pub struct Relays;

/// A relay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RelayRow {
    /// The channel.
    pub channel: Channel,
    /// Counts changes; the `ETag`.
    pub version: u64,
    /// Everything but the secrets.
    pub settings: RelaySettings,
    /// Whether credentials lie sealed for it.
    pub has_credentials: bool,
    /// When the credentials were last replaced.
    pub credentials_changed_at: Option<DateTime<Utc>>,
    /// How it does, as far as is known since it was set up so.
    pub health: RelayHealth,
    /// The last test since it was set up so.
    pub last_test: Option<RelayTested>,
    /// When something last went through it.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was last set up.
    pub updated_at: DateTime<Utc>,
}

/// How a relay does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RelayHealth {
    /// Nobody has tried it since it was set up so.
    Unknown,
    /// The far side accepted it.
    Healthy,
    /// It did not get through.
    Failing,
}

impl Projection for Relays {
    const TABLE: Table = Table::Relays;
    const VERSION: i32 = 2;
    type Event = TenantEvent;
    type Row = Box<RelayRow>;

    fn keys(told: &Recorded<TenantEvent>) -> Vec<String> {
        let own = of_relay(&told.event).map(|_| told.aggregate_id.clone());
        own.or_else(|| went_through(&told.event).map(|(channel, _)| channel.to_string()))
            .into_iter()
            .collect()
    }

    fn apply(_: &str, row: Option<Self::Row>, told: &Recorded<TenantEvent>) -> Option<Self::Row> {
        if let Some((_, at)) = went_through(&told.event) {
            return row.map(|row| Box::new(RelayRow { last_used_at: Some(at), ..*row }));
        }
        match of_relay(&told.event) {
            Some(RelayEvent::Configured(configured)) => {
                let changed = configured.secret_replaced.then_some(told.recorded_at);
                let (changed_before, last_used_at) =
                    row.map_or((None, None), |row| (row.credentials_changed_at, row.last_used_at));
                Some(Box::new(RelayRow {
                    channel: configured.settings.channel(),
                    version: configured.version,
                    settings: configured.settings.clone(),
                    has_credentials: configured.secret.is_some(),
                    credentials_changed_at: changed.or(changed_before),
                    health: RelayHealth::Unknown,
                    last_test: None,
                    last_used_at,
                    updated_at: told.recorded_at,
                }))
            }
            Some(RelayEvent::Tested(tested)) => row.map(|mut row| {
                row.health = match tested.outcome {
                    TestOutcome::Passed => RelayHealth::Healthy,
                    TestOutcome::Failed { .. } => RelayHealth::Failing,
                };
                row.last_test = Some(tested.clone());
                row
            }),
            Some(RelayEvent::Removed(_)) => None,
            None => row,
        }
    }
}

/// The relay that something went through, and when.
const fn went_through(event: &TenantEvent) -> Option<(Channel, DateTime<Utc>)> {
    let Some(event) = of_run(event) else { return None };
    match event.of_effect() {
        Some(OfEffect::Confirmed(confirmed)) => Some((confirmed.reference.channel, confirmed.at)),
        Some(
            OfEffect::Planned(_)
            | OfEffect::Sending(_)
            | OfEffect::Rejected(_)
            | OfEffect::Ambiguous(_)
            | OfEffect::Decided(_),
        )
        | None => None,
    }
}

const fn of_relay(event: &TenantEvent) -> Option<&RelayEvent> {
    match event {
        TenantEvent::Relay(event) => Some(event),
        TenantEvent::Source(_)
        | TenantEvent::PanelSession(_)
        | TenantEvent::Memory(_)
        | TenantEvent::ModelConfig(_)
        | TenantEvent::Audit(_)
        | TenantEvent::Outcome(_)
        | TenantEvent::Kri(_)
        | TenantEvent::Risk(_)
        | TenantEvent::Control(_)
        | TenantEvent::Vendor(_)
        | TenantEvent::Workflow(_)
        | TenantEvent::KriEventDefinition(_)
        | TenantEvent::ApiToken(_)
        | TenantEvent::Interview(_)
        | TenantEvent::WorkflowRun(_)
        | TenantEvent::Approval(_)
        | TenantEvent::Preview(_) => None,
    }
}
