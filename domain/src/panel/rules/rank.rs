//! Ranking risks: by severity, trend, age of breaches, outcomes threatened, how little is measured; then by what they would be
//! without controls.

use std::cmp::Reverse;

use crate::kri::{Level, Status};
use crate::panel::{KriLine, RiskLine, Snapshot, Trend};

/// A risk with what puts it where it is.
#[derive(Debug, Clone)]
pub struct Ranked<'a> {
    /// The risk.
    pub risk: &'a RiskLine,
    /// Its KRIs, the worst first.
    pub kris: Vec<&'a KriLine>,
    /// How many of them get worse.
    pub worsening: usize,
    /// For how many days its oldest breach has been open.
    pub oldest_breach: Option<i64>,
}

/// What one risk comes before another for, the weightiest first.
type Weight = (Status, usize, i64, (Status, usize), usize, u16);

/// The risks that threaten still, the worst first. The same snapshot always gives the same order.
pub fn rank(snapshot: &Snapshot) -> Vec<Ranked<'_>> {
    let mut ranked: Vec<Ranked<'_>> = snapshot
        .risks
        .iter()
        .filter(|risk| risk.status.threatens())
        .map(|risk| Ranked::of(risk, snapshot))
        .collect();
    ranked.sort_by_cached_key(|ranked| (Reverse(ranked.weight(snapshot)), ranked.risk.id));
    ranked
}

impl<'a> Ranked<'a> {
    fn of(risk: &'a RiskLine, snapshot: &'a Snapshot) -> Self {
        let mut kris: Vec<&KriLine> = risk.kri_ids.iter().filter_map(|id| snapshot.kri(*id)).collect();
        kris.sort_by_cached_key(|kri| (Reverse((kri.status, kri.trend())), breached_at(kri), kri.id));
        let worsening = kris.iter().filter(|kri| kri.trend() == Trend::Worse).count();
        let oldest_breach = kris
            .iter()
            .filter_map(|kri| kri.breach.as_ref())
            .map(|breach| breach.age_days(snapshot.at))
            .max();
        Self { risk, kris, worsening, oldest_breach }
    }

    fn weight(&self, snapshot: &Snapshot) -> Weight {
        let threatened = self.risk.outcome_ids.iter().filter_map(|id| snapshot.outcome(*id));
        let worst = threatened.map(|outcome| outcome.status).max().unwrap_or(Status::Green);
        let unmeasured = self.risk.coverage.total.saturating_sub(self.risk.coverage.measured);
        let inherent =
            u16::from(self.risk.likelihood.get()).saturating_mul(u16::from(self.risk.impact.get()));
        (
            self.risk.severity,
            self.worsening,
            self.oldest_breach.unwrap_or(-1),
            (worst, self.risk.outcome_ids.len()),
            unmeasured,
            inherent,
        )
    }
}

/// Since when a KRI is in breach; those that are not come last.
fn breached_at(kri: &KriLine) -> (bool, Option<chrono::DateTime<chrono::Utc>>) {
    let opened = kri.breach.as_ref().map(|breach| breach.opened_at);
    (opened.is_none(), opened)
}

/// KRIs in breach: red before amber, the longest first.
pub(super) fn breached(snapshot: &Snapshot) -> Vec<&KriLine> {
    let mut kris: Vec<&KriLine> = snapshot.kris.iter().filter(|kri| kri.breach.is_some()).collect();
    let level = |kri: &KriLine| kri.breach.as_ref().map_or(Level::Amber, |breach| breach.level);
    kris.sort_by_cached_key(|kri| (Reverse(level(kri)), breached_at(kri), kri.id));
    kris
}
