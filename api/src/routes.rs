//! The one table of routes: what is served, what it is called in the description, who may ask.

mod route;

use crate::auth::{AcceptBody, LoginBody, RegisterBody, TenantTokenBody};
use crate::outcome::ReasonBody;
use crate::request::Nothing;
use crate::source::ConnectBody;
use crate::source::push::{self, PushBody};
use crate::{
    audit, auth, breach, control, dashboard, health, kri, openapi, organization, outcome, risk, source,
    vendor,
};
use draxis_commands::identity::InviteBody;
use draxis_commands::platform::{OrganizationBody, TenantBody};
use draxis_commands::source::PushTokenBody;
use draxis_domain::control::ControlBody;
use draxis_domain::kri::{AssignBody, CommentBody, CorrectionBody, KriBody, ReadingBody, SnoozeBody};
use draxis_domain::outcome::OutcomeBody;
use draxis_domain::risk::RiskBody;
use draxis_domain::vendor::VendorBody;

pub use crate::routes::route::{Access, Route};
use crate::routes::route::{delete, get, post, put};

/// Every route of the program.
pub fn routes() -> Vec<Route> {
    [program(), identity(), platform(), risk_model(), controls(), breaches(), sources(), reading()]
        .into_iter()
        .flatten()
        .collect()
}

fn program() -> Vec<Route> {
    vec![
        get("/healthz", "Whether the process lives", health::healthz).open(),
        get("/readyz", "Whether the program can work", health::readyz).open(),
        get("/metrics", "Counters, in Prometheus's text form", health::metrics).open(),
        get("/api/docs", "This description, to browse", openapi::docs).open().status(308),
        get("/api/openapi.json", "This description", openapi::document).open(),
    ]
}

fn identity() -> Vec<Route> {
    vec![
        get(
            "/api/auth/needs-setup",
            "Whether the first administrator is still to register",
            auth::needs_setup,
        )
        .open(),
        post("/api/auth/register", "Register the first administrator", auth::register)
            .open()
            .body::<RegisterBody>()
            .status(201),
        post("/api/auth/login", "Sign in", auth::login).open().body::<LoginBody>(),
        post("/api/auth/refresh", "Continue a session with its cookie", auth::refresh).open(),
        post("/api/auth/logout", "End a session", auth::logout).open().status(204),
        get("/api/auth/me", "Who I am", auth::me),
        post("/api/auth/tenant", "Take a token for one tenant", auth::tenant).body::<TenantTokenBody>(),
    ]
}

fn platform() -> Vec<Route> {
    vec![
        post("/api/organizations", "Create an organization", organization::create)
            .body::<OrganizationBody>()
            .status(201),
        get("/api/organizations", "List organizations", organization::list).paged(),
        post("/api/tenants", "Create a tenant", organization::create_tenant).body::<TenantBody>().status(201),
        get("/api/tenants", "List tenants", organization::list_tenants).paged(),
        post("/api/invitations", "Invite somebody", organization::invite).body::<InviteBody>().status(201),
        get("/api/outbox", "Read the mail posted last", organization::outbox),
        post("/api/invitations/{token}/accept", "Accept an invitation", auth::accept)
            .open()
            .body::<AcceptBody>()
            .status(201),
    ]
}

fn risk_model() -> Vec<Route> {
    vec![
        post("/api/outcomes", "Define an outcome", outcome::define).body::<OutcomeBody>().status(201),
        get("/api/outcomes", "List outcomes", outcome::list).paged(),
        get("/api/outcomes/{id}", "Read an outcome", outcome::show),
        put("/api/outcomes/{id}", "Edit an outcome", outcome::edit).body::<OutcomeBody>().versioned(),
        post("/api/outcomes/{id}/archive", "Archive an outcome", outcome::archive)
            .body::<ReasonBody>()
            .versioned(),
        post("/api/risks", "Define a risk", risk::define).body::<RiskBody>().status(201),
        get("/api/risks", "List risks", risk::list).paged(),
        get("/api/risks/{id}", "Read a risk", risk::show),
        put("/api/risks/{id}", "Edit a risk", risk::edit).body::<RiskBody>().versioned(),
        post("/api/risks/{id}/archive", "Archive a risk", risk::archive).body::<ReasonBody>().versioned(),
        put("/api/risks/{id}/controls/{controlId}", "Link a risk to a control", risk::link_control)
            .body::<ReasonBody>(),
        delete("/api/risks/{id}/controls/{controlId}", "Unlink a risk from a control", risk::unlink_control)
            .body::<ReasonBody>(),
        put("/api/risks/{id}/outcomes/{outcomeId}", "Link a risk to an outcome", risk::link_outcome)
            .body::<ReasonBody>(),
        delete("/api/risks/{id}/outcomes/{outcomeId}", "Unlink a risk from an outcome", risk::unlink_outcome)
            .body::<ReasonBody>(),
        post("/api/kris", "Define a KRI", kri::define).body::<KriBody>().status(201),
        get("/api/kris", "List KRIs", kri::list).paged(),
        get("/api/kris/{id}", "Read a KRI", kri::show),
        put("/api/kris/{id}", "Edit a KRI", kri::edit).body::<KriBody>().versioned(),
        post("/api/kris/{id}/archive", "Archive a KRI", kri::archive).body::<ReasonBody>().versioned(),
        put("/api/kris/{id}/risks/{riskId}", "Link a KRI to a risk", kri::link_risk).body::<ReasonBody>(),
        delete("/api/kris/{id}/risks/{riskId}", "Unlink a KRI from a risk", kri::unlink_risk)
            .body::<ReasonBody>(),
        post("/api/kris/{id}/values", "Enter a value", kri::enter_value).body::<ReadingBody>(),
        get("/api/kris/{id}/values", "List readings, adjustments and corrections", kri::values).paged(),
        post(
            "/api/kris/{id}/values/{sequence}/correct",
            "Correct or withdraw a past reading",
            kri::correct_value,
        )
        .body::<CorrectionBody>(),
        get("/api/kris/{id}/history", "The values within a range of time, drawn", kri::history)
            .parameter("from", "True at or after (RFC 3339); 30 days before `to`")
            .parameter("to", "True before (RFC 3339); now")
            .parameter("points", "How many points at most, up to 2000; 400")
            .parameter("knownAt", "As it was known at this time (RFC 3339); as it is known now"),
    ]
}

fn controls() -> Vec<Route> {
    vec![
        post("/api/controls", "Define a control", control::define).body::<ControlBody>().status(201),
        get("/api/controls", "List controls", control::list).paged(),
        get("/api/controls/{id}", "Read a control", control::show),
        put("/api/controls/{id}", "Edit a control", control::edit).body::<ControlBody>().versioned(),
        post("/api/controls/{id}/archive", "Archive a control", control::archive)
            .body::<ReasonBody>()
            .versioned(),
        post("/api/vendors", "Define a vendor", vendor::define).body::<VendorBody>().status(201),
        get("/api/vendors", "List vendors", vendor::list).paged(),
        get("/api/vendors/{id}", "Read a vendor", vendor::show),
        put("/api/vendors/{id}", "Edit a vendor", vendor::edit).body::<VendorBody>().versioned(),
        post("/api/vendors/{id}/archive", "Archive a vendor", vendor::archive)
            .body::<ReasonBody>()
            .versioned(),
    ]
}

fn breaches() -> Vec<Route> {
    vec![
        get("/api/breaches", "List breach episodes", breach::list).paged(),
        get("/api/breaches/{id}", "Read a breach episode with its timeline", breach::show),
        post("/api/breaches/{id}/acknowledge", "Acknowledge a breach", breach::acknowledge)
            .body::<ReasonBody>(),
        post("/api/breaches/{id}/assign", "Give a breach an owner, or none", breach::assign)
            .body::<AssignBody>(),
        post("/api/breaches/{id}/comments", "Comment on a breach", breach::comment).body::<CommentBody>(),
        post("/api/breaches/{id}/snooze", "Be quiet about a breach until a time", breach::snooze)
            .body::<SnoozeBody>(),
        post("/api/breaches/{id}/wake", "End a breach's snooze", breach::wake).body::<ReasonBody>(),
        post("/api/breaches/{id}/close", "Close a breach by hand", breach::close).body::<ReasonBody>(),
    ]
}

fn sources() -> Vec<Route> {
    vec![
        get("/api/integrations/catalog", "List the connectors", source::catalog),
        post("/api/kri-sources", "Connect a source", source::connect).body::<ConnectBody>().status(201),
        post("/api/kri-sources/test", "Try settings before they are saved", source::test)
            .body::<ConnectBody>(),
        post("/api/kri-sources/{id}/test", "Try a saved source", source::test_saved).body::<Nothing>(),
        get("/api/kri-sources", "List sources", source::list).paged(),
        get("/api/kri-sources/{id}", "Read a source", source::show),
        put("/api/kri-sources/{id}", "Edit a source", source::edit).body::<ConnectBody>().versioned(),
        post("/api/kri-sources/{id}/pause", "Stop a source's schedule", source::pause).body::<ReasonBody>(),
        post("/api/kri-sources/{id}/resume", "Let a source's schedule go on", source::resume)
            .body::<ReasonBody>(),
        post("/api/kri-sources/{id}/archive", "Archive a source", source::archive)
            .body::<ReasonBody>()
            .versioned(),
        post("/api/kri-sources/{id}/run", "Run a source now", source::run).body::<ReasonBody>(),
        get("/api/kri-sources/{id}/runs", "List a source's runs", source::runs).paged(),
        post("/api/kri-sources/{id}/values", "Push values to a source", push::push).body::<PushBody>(),
        post("/api/kri-sources/{id}/upload", "Upload a file of values", push::upload).media("text/csv"),
        post("/api/kri-sources/{id}/push-tokens", "Mint a token for pushing values", push::mint)
            .body::<PushTokenBody>()
            .status(201),
        get("/api/kri-sources/{id}/push-tokens", "List a source's push tokens", push::list),
        delete("/api/kri-sources/{id}/push-tokens/{tokenId}", "Revoke a push token", push::revoke)
            .body::<ReasonBody>(),
    ]
}

fn reading() -> Vec<Route> {
    vec![
        get("/api/dashboard", "The dashboard, now or as of a past moment", dashboard::show)
            .parameter("asOf", "As of this time (RFC 3339)")
            .parameter("position", "As of this position of the stream"),
        get("/api/audit/events", "The stream itself", audit::events)
            .parameter("after", "Events after this position")
            .parameter("until", "Events up to this position")
            .parameter("from", "Recorded at or after (RFC 3339)")
            .parameter("to", "Recorded before (RFC 3339)")
            .parameter("aggregateType", "Of aggregates of this type")
            .parameter("aggregateId", "Of this aggregate")
            .parameter("type", "Of this event type")
            .parameter("actor", "By this actor, such as account:01J…")
            .parameter("correlation", "Belonging to this run or request")
            .paged(),
    ]
}
