//! Questions about the risk model: the dashboard, its nouns, breaches and history.

use std::sync::Arc;

use draxis_domain::{ControlId, KriId, OutcomeId, Position, RiskId, TenantId, VendorId};

use crate::dashboard::RenderedDashboard;
use crate::error::ReadError;
use crate::page::{Page, PageOf};
use crate::read_models::ReadModels;
use crate::risk_model::{
    ControlFilter, ControlRow, ControlView, KriFilter, KriRow, KriView, ModelAt, OutcomeFilter, OutcomeRow,
    OutcomeView, RiskFilter, RiskModelRow, RiskRow, RiskView, VendorFilter, VendorRow,
};

/// Takes one kind of row out of the model's.
macro_rules! only {
    ($row:expr, $variant:ident) => {
        if let RiskModelRow::$variant(row) = $row { Some(&**row) } else { None }
    };
}

impl ReadModels {
    /// The dashboard.
    pub async fn dashboard(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
    ) -> Result<Arc<RenderedDashboard>, ReadError> {
        self.models.dashboard(tenant, at_least).await
    }

    /// KRIs, oldest first.
    pub async fn list_kris(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        filter: &KriFilter,
        page: &PageOf,
    ) -> Result<Page<KriView>, ReadError> {
        let look = |model: &ModelAt| {
            let view = |row: &RiskModelRow| only!(row, Kri).map(|kri| model.view_kri(kri));
            model.page(KriRow::NOUN, page, |row| view(row).filter(|view| filter.admits(view)))
        };
        self.models.look(tenant, at_least, look).await?
    }

    /// A KRI.
    pub async fn find_kri(
        &self,
        tenant: TenantId,
        id: KriId,
        at_least: Option<Position>,
    ) -> Result<Option<KriView>, ReadError> {
        let look = |model: &ModelAt| {
            let row = model.find(KriRow::NOUN, &id.to_string())?;
            only!(row, Kri).map(|kri| model.view_kri(kri))
        };
        self.models.look(tenant, at_least, look).await
    }

    /// Risks, oldest first.
    pub async fn list_risks(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        filter: &RiskFilter,
        page: &PageOf,
    ) -> Result<Page<RiskView>, ReadError> {
        let look = |model: &ModelAt| {
            let view = |row: &RiskModelRow| only!(row, Risk).map(|risk| model.view_risk(risk));
            model.page(RiskRow::NOUN, page, |row| view(row).filter(|view| filter.admits(view)))
        };
        self.models.look(tenant, at_least, look).await?
    }

    /// A risk.
    pub async fn find_risk(
        &self,
        tenant: TenantId,
        id: RiskId,
        at_least: Option<Position>,
    ) -> Result<Option<RiskView>, ReadError> {
        let look = |model: &ModelAt| {
            let row = model.find(RiskRow::NOUN, &id.to_string())?;
            only!(row, Risk).map(|risk| model.view_risk(risk))
        };
        self.models.look(tenant, at_least, look).await
    }

    /// Outcomes, oldest first.
    pub async fn list_outcomes(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        filter: &OutcomeFilter,
        page: &PageOf,
    ) -> Result<Page<OutcomeView>, ReadError> {
        let look = |model: &ModelAt| {
            let view = |row: &RiskModelRow| only!(row, Outcome).map(|outcome| model.view_outcome(outcome));
            model.page(OutcomeRow::NOUN, page, |row| view(row).filter(|view| filter.admits(view)))
        };
        self.models.look(tenant, at_least, look).await?
    }

    /// An outcome.
    pub async fn find_outcome(
        &self,
        tenant: TenantId,
        id: OutcomeId,
        at_least: Option<Position>,
    ) -> Result<Option<OutcomeView>, ReadError> {
        let look = |model: &ModelAt| {
            let row = model.find(OutcomeRow::NOUN, &id.to_string())?;
            only!(row, Outcome).map(|outcome| model.view_outcome(outcome))
        };
        self.models.look(tenant, at_least, look).await
    }

    /// Controls, oldest first.
    pub async fn list_controls(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        filter: &ControlFilter,
        page: &PageOf,
    ) -> Result<Page<ControlView>, ReadError> {
        let look = |model: &ModelAt| {
            let view = |row: &RiskModelRow| only!(row, Control).map(|control| model.view_control(control));
            model.page(ControlRow::NOUN, page, |row| view(row).filter(|view| filter.admits(view)))
        };
        self.models.look(tenant, at_least, look).await?
    }

    /// A control.
    pub async fn find_control(
        &self,
        tenant: TenantId,
        id: ControlId,
        at_least: Option<Position>,
    ) -> Result<Option<ControlView>, ReadError> {
        let look = |model: &ModelAt| {
            let row = model.find(ControlRow::NOUN, &id.to_string())?;
            only!(row, Control).map(|control| model.view_control(control))
        };
        self.models.look(tenant, at_least, look).await
    }

    /// Vendors, oldest first.
    pub async fn list_vendors(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        filter: &VendorFilter,
        page: &PageOf,
    ) -> Result<Page<VendorRow>, ReadError> {
        let look = |model: &ModelAt| {
            let admitted = |row: &&VendorRow| filter.admits(row);
            model.page(VendorRow::NOUN, page, |row| only!(row, Vendor).filter(admitted).cloned())
        };
        self.models.look(tenant, at_least, look).await?
    }

    /// A vendor.
    pub async fn find_vendor(
        &self,
        tenant: TenantId,
        id: VendorId,
        at_least: Option<Position>,
    ) -> Result<Option<VendorRow>, ReadError> {
        let look = |model: &ModelAt| {
            let row = model.find(VendorRow::NOUN, &id.to_string())?;
            only!(row, Vendor).cloned()
        };
        self.models.look(tenant, at_least, look).await
    }
}
