//! The one table of routes: what is served, what it is called in the description, who may ask.

mod route;

use crate::auth::{AcceptBody, LoginBody, RegisterBody, TenantTokenBody};
use crate::interview::{ConfirmBody, MessageBody, StartBody};
use crate::outcome::ReasonBody;
use crate::preview::{PreviewBody, visit};
use crate::relay::RelayBody;
use crate::request::Nothing;
use crate::source::ConnectBody;
use crate::source::push::{self, PushBody};
use crate::workflow::{DefinitionBody, RestoreBody, TransitionBody, history};
use crate::{
    audit, auth, breach, control, dashboard, health, interview, kri, kri_event_definition, openapi,
    organization, outcome, preview, relay, risk, source, vendor, workflow,
};
use draxis_commands::identity::InviteBody;
use draxis_commands::platform::{OrganizationBody, TenantBody};
use draxis_commands::source::PushTokenBody;
use draxis_domain::control::ControlBody;
use draxis_domain::kri::{AssignBody, CommentBody, CorrectionBody, KriBody, ReadingBody, SnoozeBody};
use draxis_domain::kri_event_definition::KriEventBody;
use draxis_domain::outcome::OutcomeBody;
use draxis_domain::risk::RiskBody;
use draxis_domain::vendor::VendorBody;

pub use crate::routes::route::{Access, Route};
use crate::routes::route::{delete, get, post, put};

/// Every route of the program.
pub fn routes() -> Vec<Route> {
    [
        program(),
        identity(),
        platform(),
        risk_model(),
        controls(),
        breaches(),
        sources(),
        workflows(),
        workflow_surroundings(),
        interviews(),
        previews(),
        reading(),
        auditing(),
    ]
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
        get("/api/kris/{id}/explain", "The events behind a KRI's value and colour", kri::explain)
            .parameter("asOf", "As of this time (RFC 3339)")
            .parameter("position", "As of this position of the stream"),
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

fn workflows() -> Vec<Route> {
    vec![
        get(
            "/api/schemas/workflow-definition.json",
            "The JSON Schema of workflow definitions",
            workflow::schema,
        )
        .open(),
        post("/api/workflows", "Draft a workflow", workflow::draft).body::<DefinitionBody>().status(201),
        get("/api/workflows", "List workflows", workflow::list)
            .parameter("state", "Standing so: draft, active, paused, archived")
            .parameter("trigger", "Started so: kri_breach, schedule, manual")
            .parameter("relay", "Going through this channel")
            .parameter("kriEvent", "Emitting this KRI event")
            .parameter("archived", "Whether archived ones are listed too")
            .paged(),
        get("/api/workflows/{id}", "Read a workflow", workflow::show),
        put("/api/workflows/{id}", "Edit a workflow, which makes a version", workflow::edit)
            .body::<DefinitionBody>()
            .versioned(),
        post("/api/workflows/{id}/restore", "Put an old version of a workflow back", workflow::restore)
            .body::<RestoreBody>()
            .versioned(),
        post("/api/workflows/{id}/activate", "Switch a workflow's trigger on", workflow::activate)
            .body::<TransitionBody>()
            .versioned(),
        post("/api/workflows/{id}/pause", "Switch a workflow's trigger off", workflow::pause)
            .body::<TransitionBody>()
            .versioned(),
        post("/api/workflows/{id}/archive", "Archive a workflow for good", workflow::archive)
            .body::<TransitionBody>()
            .versioned(),
        get("/api/workflows/{id}/versions", "List a workflow's versions", history::versions).paged(),
        get("/api/workflows/{id}/versions/compare", "Compare two versions of a workflow", history::compare)
            .parameter("from", "The one version")
            .parameter("to", "The other"),
        get("/api/workflows/{id}/versions/{version}", "Read a version of a workflow", history::version),
        get("/api/workflows/{id}/change-log", "What was done to a workflow", history::change_log).paged(),
    ]
}

fn workflow_surroundings() -> Vec<Route> {
    vec![
        get("/api/workflow-kri-definitions", "List declared KRI events", kri_event_definition::list).paged(),
        get("/api/workflow-kri-definitions/{id}", "Read a declared KRI event", kri_event_definition::show),
        put(
            "/api/workflow-kri-definitions/{id}",
            "Declare a KRI event, or edit it",
            kri_event_definition::declare,
        )
        .body::<KriEventBody>()
        .versioned(),
        get(
            "/api/workflow-kri-definitions/{id}/versions",
            "List a KRI event's versions",
            history::kri_event_versions,
        )
        .paged(),
        get(
            "/api/workflow-kri-definitions/{id}/versions/{version}",
            "Read a version of a KRI event",
            history::kri_event_version,
        ),
        get(
            "/api/workflow-kri-definitions/{id}/change-log",
            "What was done to a KRI event",
            history::kri_event_change_log,
        )
        .paged(),
        get("/api/relay-config", "How workflows reach the outside", relay::list),
        get("/api/relay-config/{channel}", "Read a relay", relay::show),
        put("/api/relay-config/{channel}", "Set a relay up", relay::configure)
            .body::<RelayBody>()
            .versioned(),
        delete("/api/relay-config/{channel}", "Remove a relay", relay::remove)
            .body::<ReasonBody>()
            .versioned(),
        post("/api/relay-config/{channel}/test", "Try a relay", relay::test).body::<Nothing>(),
    ]
}

fn interviews() -> Vec<Route> {
    vec![
        post("/api/workflow-interviews", "Begin to talk a workflow through", interview::start)
            .body::<StartBody>()
            .status(201),
        get("/api/workflow-interviews", "List interviews", interview::list)
            .parameter("state", "Standing so: open, confirmed, abandoned")
            .paged(),
        get(
            "/api/workflow-interviews/{id}",
            "Read an interview with everything that was said",
            interview::show,
        ),
        post("/api/workflow-interviews/{id}/messages", "Say something in an interview", interview::say)
            .body::<MessageBody>(),
        post(
            "/api/workflow-interviews/{id}/confirm",
            "Confirm the draft that was shown, which makes a workflow of it",
            interview::confirm,
        )
        .body::<ConfirmBody>()
        .status(201),
        post("/api/workflow-interviews/{id}/abandon", "Give an interview up", interview::abandon)
            .body::<Nothing>(),
    ]
}

fn previews() -> Vec<Route> {
    vec![
        post("/api/workflows/{id}/previews", "Mint a link that shows a workflow once", preview::mint)
            .body::<PreviewBody>()
            .status(201),
        get("/api/workflows/{id}/previews", "List a workflow's previews", preview::list).paged(),
        delete("/api/workflows/{id}/previews/{previewId}", "Take a preview back", preview::revoke)
            .body::<ReasonBody>(),
        get(
            "/api/public/workflow/{token}",
            "See a shared workflow, once; a browser gets a page with a button",
            visit::look,
        )
        .open(),
        post("/api/public/workflow/{token}", "See a shared workflow, once: the button", visit::open).open(),
    ]
}

fn reading() -> Vec<Route> {
    vec![
        get("/api/dashboard", "The dashboard, now or as of a past moment", dashboard::show)
            .parameter("asOf", "As of this time (RFC 3339)")
            .parameter("position", "As of this position of the stream")
            .parameter("knownAt", "With asOf: what was true then, as it is known at this later time"),
        get(
            "/api/dashboard/stream",
            "Server-sent events of what changes on the dashboard, resumed by Last-Event-ID",
            dashboard::stream,
        ),
    ]
}

fn auditing() -> Vec<Route> {
    vec![
        part_of_a_stream(get("/api/audit/events", "The stream itself", audit::events)).paged(),
        part_of_a_stream(get("/api/audit/export", "The stream, or a part of it, as one file", audit::export))
            .parameter("format", "`ndjson` (the records as they were hashed), `cloudevents` or `bundle`"),
        get("/api/audit/keys", "The keys that checkpoints and bundles are verified with", audit::keys),
        get(
            "/api/audit/checkpoint",
            "The newest signed statement of what the stream holds",
            audit::checkpoint,
        ),
        get("/api/audit/proof", "The proof that an event is sealed, or that the log only grew", audit::proof)
            .parameter("position", "Prove that the event at this position is sealed")
            .parameter("from", "Prove that the stream of this many events…")
            .parameter("to", "…is the beginning of the stream of this many"),
        post("/api/audit/verify", "Verify a bundle (the body is its bytes)", audit::verify),
        get("/api/audit/replay", "The dashboard as it was", audit::replay)
            .parameter("asOf", "As of this time (RFC 3339)")
            .parameter("position", "As of this position of the stream"),
        get("/api/audit/diff", "What changed between two points, by thing and by actor", audit::diff)
            .parameter("from", "The earlier point: a position or a time (RFC 3339)")
            .parameter("to", "The later point; the stream's end where it is left out"),
        get("/api/audit/explain", "Why an event happened and what came of it", audit::explain)
            .parameter("event", "The event's id"),
    ]
}

fn part_of_a_stream(route: Route) -> Route {
    route
        .parameter("after", "Events after this position")
        .parameter("until", "Events up to this position")
        .parameter("from", "Recorded at or after (RFC 3339)")
        .parameter("to", "Recorded before (RFC 3339)")
        .parameter("aggregateType", "Of aggregates of this type")
        .parameter("aggregateId", "Of this aggregate")
        .parameter("type", "Of this event type")
        .parameter("actor", "By this actor, such as account:01J…")
        .parameter("correlation", "Belonging to this run or request")
}
