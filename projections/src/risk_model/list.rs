//! Lists of the risk model: filtered, in the order of their ids, which is the order they came into being.

use std::ops::Bound;

use draxis_domain::control::ControlState;
use draxis_domain::kri::Status;
use draxis_domain::risk::RiskStatus;
use draxis_domain::vendor::Criticality;
use draxis_domain::{AccountId, ControlId, KriSlug, OutcomeId, RiskId, SourceId};
use ulid::Ulid;

use crate::error::ReadError;
use crate::page::{Archived, Page, PageOf};
use crate::risk_model::{ControlView, KriView, ModelAt, OutcomeView, RiskModelRow, RiskView, VendorRow, key};

/// Which KRIs are asked for; every limit that is absent admits all in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KriFilter {
    /// Whether those out of use are shown as well.
    pub archived: Archived,
    /// With this slug.
    pub slug: Option<KriSlug>,
    /// Of this status.
    pub status: Option<Status>,
    /// Stale ones, or fresh ones.
    pub stale: Option<bool>,
    /// Measured by this source.
    pub source_id: Option<SourceId>,
    /// Measuring this risk.
    pub risk_id: Option<RiskId>,
    /// Standing for this outcome.
    pub outcome_id: Option<OutcomeId>,
    /// Answered for by this account.
    pub owner: Option<AccountId>,
}

/// Which risks are asked for; every limit that is absent admits all in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RiskFilter {
    /// Whether those out of use are shown as well.
    pub archived: Archived,
    /// Of this status.
    pub status: Option<RiskStatus>,
    /// Of this severity.
    pub severity: Option<Status>,
    /// Held down by this control.
    pub control_id: Option<ControlId>,
    /// Threatening this outcome.
    pub outcome_id: Option<OutcomeId>,
    /// Answered for by this account.
    pub owner: Option<AccountId>,
}

/// Which outcomes are asked for; every limit that is absent admits all in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutcomeFilter {
    /// Whether those out of use are shown as well.
    pub archived: Archived,
    /// Threatened so badly.
    pub status: Option<Status>,
}

/// Which controls are asked for; every limit that is absent admits all in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ControlFilter {
    /// Whether those out of use are shown as well.
    pub archived: Archived,
    /// Working so well.
    pub state: Option<ControlState>,
    /// Answered for by this account.
    pub owner: Option<AccountId>,
}

/// Which vendors are asked for; every limit that is absent admits all in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VendorFilter {
    /// Whether those out of use are shown as well.
    pub archived: Archived,
    /// On which so much hangs.
    pub criticality: Option<Criticality>,
    /// Answered for by this account.
    pub owner: Option<AccountId>,
}

/// Whether a limit, where there is one, admits what is found.
fn admits<T: PartialEq>(limit: Option<&T>, found: Option<&T>) -> bool {
    limit.is_none_or(|limit| found == Some(limit))
}

impl KriFilter {
    pub(crate) fn admits(&self, view: &KriView) -> bool {
        let kri = &view.kri;
        (self.archived.shown() || !kri.archived)
            && admits(self.slug.as_ref(), Some(&kri.slug))
            && admits(self.status.as_ref(), Some(&kri.status))
            && admits(self.stale.as_ref(), Some(&kri.stale))
            && admits(self.source_id.as_ref(), kri.source_id.as_ref())
            && self.risk_id.is_none_or(|risk| kri.risk_ids.contains(&risk))
            && admits(self.outcome_id.as_ref(), kri.outcome_id.as_ref())
            && admits(self.owner.as_ref(), kri.owner.as_ref())
    }
}

impl RiskFilter {
    pub(crate) fn admits(&self, view: &RiskView) -> bool {
        let risk = &view.risk;
        (self.archived.shown() || !risk.archived)
            && admits(self.status.as_ref(), Some(&risk.status))
            && admits(self.severity.as_ref(), Some(&view.severity))
            && self.control_id.is_none_or(|control| risk.control_ids.contains(&control))
            && self.outcome_id.is_none_or(|outcome| risk.outcome_ids.contains(&outcome))
            && admits(self.owner.as_ref(), risk.owner.as_ref())
    }
}

impl OutcomeFilter {
    pub(crate) fn admits(&self, view: &OutcomeView) -> bool {
        (self.archived.shown() || !view.outcome.archived) && admits(self.status.as_ref(), Some(&view.status))
    }
}

impl ControlFilter {
    pub(crate) fn admits(&self, view: &ControlView) -> bool {
        let control = &view.control;
        (self.archived.shown() || !control.archived)
            && admits(self.state.as_ref(), Some(&control.state))
            && admits(self.owner.as_ref(), control.owner.as_ref())
    }
}

impl VendorFilter {
    pub(crate) fn admits(&self, vendor: &VendorRow) -> bool {
        (self.archived.shown() || !vendor.archived)
            && admits(self.criticality.as_ref(), Some(&vendor.criticality))
            && admits(self.owner.as_ref(), vendor.owner.as_ref())
    }
}

impl ModelAt {
    /// A page of one noun's rows, as far as they are kept.
    pub(crate) fn page<T>(
        &self,
        noun: &str,
        page: &PageOf,
        keep: impl Fn(&RiskModelRow) -> Option<T>,
    ) -> Result<Page<T>, ReadError> {
        let cursor = match &page.cursor {
            Some(cursor) => Ulid::from_string(cursor).map_err(|_| ReadError::Cursor)?.to_string(),
            None => String::new(),
        };
        let range = (Bound::Excluded(key(noun, &cursor)), Bound::Excluded(key(noun, "\u{7f}")));
        let limit = page.bounded();
        let id = |key: &str| key.rsplit('/').next().unwrap_or_default().to_owned();
        let found = self
            .rows()
            .range::<String, _>(range)
            .filter_map(|(key, row)| keep(row).map(|item| (id(key), item)))
            .take(limit.saturating_add(1))
            .collect();
        Ok(Page::cut(found, limit, self.position))
    }
}
