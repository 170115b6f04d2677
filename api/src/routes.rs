//! The one table of routes: what is served, what it is called in the description, who may ask.

mod route;

use crate::account::PersonItem;
use crate::approval::{ApprovalItem, DelegateBody, VoteBody, of_run};
use crate::audit::{EventsAnswer, Explanation, ProofAnswer, Replayed};
use crate::auth::second_factor::{self, ConfirmBody, DisableBody, VerifyBody};
use crate::auth::{AcceptBody, LoginBody, Me, RegisterBody, SessionAnswer, TenantTokenBody};
use crate::effect::{DecideBody, EffectItem};
use crate::memory::{DocumentBody, FactBody, FactValueBody};
use crate::model_config::ModelBody;
use crate::outcome::ReasonBody;
use crate::panel::{AskBody, EndBody, MessageBody};
use crate::preview::visit::Shown;
use crate::preview::{PreviewBody, PreviewItem, visit};
use crate::relay::{RelayBody, RelayItem};
use crate::request::Nothing;
use crate::shape::{
    AnyObject, ApiTokenShown, CheckpointShown, Delivered, Health, Items, Listed, NeedsSetup, PreviewMinted,
    PublishedKey, PushTokenMinted, RelayChanged, RunChanged, RunEnded, RunUnderWay, VersionsCompared,
    WorkflowChanged,
};
use crate::source::ConnectBody;
use crate::source::push::{self, PushBody};
use crate::workflow::history::{ChangeItem, VersionItem};
use crate::workflow::start::{self, NextRuns, RunBody};
use crate::workflow::{DefinitionBody, RestoreBody, TransitionBody, backtest, history};
use crate::workflow_run::{RunItem, RunReasonBody, RunShown};
use crate::{
    account, api_token, approval, audit, auth, breach, control, dashboard, document, effect, health,
    interview, kri, kri_event_definition, memory, model_config, openapi, organization, outcome, panel,
    preview, relay, risk, source, vendor, workflow, workflow_run,
};
use draxis_commands::approval::ApprovalChanged;
use draxis_commands::identity::{
    AccessToken, ApiTokenBody, ApiTokenRow, Enrolled, Enrollment, InviteBody, Invited, MfaPolicyBody,
    MfaStanding, Posted, RevokeBody,
};
use draxis_commands::panel::PanelAnswer;
use draxis_commands::platform::{Accepted, Created, OrganizationBody, TenantBody};
use draxis_commands::source::{PushTokenBody, PushTokenRow};
use draxis_commands::workflow::RunStarted;
use draxis_domain::control::ControlBody;
use draxis_domain::interview::InterviewView;
use draxis_domain::kri::{AssignBody, CommentBody, CorrectionBody, KriBody, ReadingBody, SnoozeBody};
use draxis_domain::kri_event_definition::KriEventBody;
use draxis_domain::outcome::OutcomeBody;
use draxis_domain::relay::TestOutcome;
use draxis_domain::risk::RiskBody;
use draxis_domain::vendor::VendorBody;
use draxis_projections::{
    BreachRow, ControlView, Dashboard, Explanation as ValueExplanation, History, KriEventRow, KriView,
    OrganizationRow, OutcomeView, Page, RiskView, SourceRow, SourceRunRow, StreamDifference, TenantRow,
    ValueRow, VendorRow, WorkflowRow, WorkflowSummary,
};
use draxis_runner::connector::catalog::CatalogEntry;
use draxis_runner::connector::trial::TrialReport;

pub use crate::routes::route::{Access, Route};
use crate::routes::route::{delete, get, post, put};

/// What a run's state can be.
const RUN_STATES: &str = "Standing so: running, waiting, completed, rejected, failed, cancelled";

/// Every route of the program.
pub fn routes() -> Vec<Route> {
    [
        program(),
        identity(),
        second_factors(),
        people(),
        platform(),
        risk_model(),
        kris(),
        controls(),
        breaches(),
        sources(),
        workflows(),
        workflow_surroundings(),
        interviews(),
        approvals(),
        workflow_runs(),
        previews(),
        panel_sessions(),
        institutional_memory(),
        reading(),
        auditing(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn program() -> Vec<Route> {
    vec![
        get("/healthz", "Whether the process lives", health::healthz).answers::<Health>().open(),
        get("/readyz", "Whether the program can work", health::readyz).answers::<Health>().open(),
        get("/metrics", "Counters, in Prometheus's text form", health::metrics).open(),
        get("/api/docs", "This description, to browse", openapi::docs).open().status(308),
        get("/api/openapi.json", "This description", openapi::document).answers::<AnyObject>().open(),
    ]
}

fn identity() -> Vec<Route> {
    vec![
        get(
            "/api/auth/needs-setup",
            "Whether the first administrator is still to register",
            auth::needs_setup,
        )
        .answers::<NeedsSetup>()
        .open(),
        post("/api/auth/register", "Register the first administrator", auth::register)
            .answers::<SessionAnswer<'static>>()
            .open()
            .body::<RegisterBody>()
            .status(201),
        post("/api/auth/login", "Sign in", auth::login)
            .answers::<SessionAnswer<'static>>()
            .open()
            .body::<LoginBody>(),
        post("/api/auth/refresh", "Continue a session with its cookie", auth::refresh)
            .answers::<SessionAnswer<'static>>()
            .open(),
        post("/api/auth/logout", "End a session", auth::logout).open().status(204),
        get("/api/auth/me", "Who I am", auth::me).answers::<Me>(),
        post("/api/auth/tenant", "Take a token for one tenant", auth::tenant)
            .answers::<AccessToken>()
            .body::<TenantTokenBody>(),
    ]
}

fn second_factors() -> Vec<Route> {
    vec![
        post("/api/auth/mfa/enroll", "Begin to enroll a second factor", second_factor::enroll)
            .answers::<Enrollment>()
            .body::<Nothing>(),
        post(
            "/api/auth/mfa/confirm",
            "Take a second factor into use with its first code",
            second_factor::confirm,
        )
        .answers::<Enrolled>()
        .body::<ConfirmBody>(),
        post("/api/auth/mfa/disable", "Take a second factor out of use", second_factor::disable)
            .body::<DisableBody>()
            .status(204),
        post("/api/auth/mfa/verify", "Sign in with a second factor", second_factor::verify)
            .answers::<SessionAnswer<'static>>()
            .open()
            .body::<VerifyBody>(),
        put("/api/mfa-policy", "Say for whom a second factor is required", second_factor::set_policy)
            .answers::<MfaStanding>()
            .body::<MfaPolicyBody>(),
        get("/api/mfa-policy", "Whether a second factor is required of somebody", second_factor::policy)
            .answers::<MfaStanding>()
            .parameter("kind", "Of whom: platform, organization, tenant, account")
            .parameter("organizationId", "The organization, where it is one")
            .parameter("tenantId", "The tenant, where it is one")
            .parameter("accountId", "The account, where it is one"),
    ]
}

fn people() -> Vec<Route> {
    vec![
        get("/api/accounts", "List the people within one's scope", account::list)
            .answers::<Listed<PersonItem>>()
            .paged(),
        post("/api/accounts/{id}/revoke", "Take a role away", account::revoke)
            .answers::<Created>()
            .body::<RevokeBody>(),
        put(
            "/api/accounts/{id}/permissions/{permission}",
            "Let a tenant's user do one thing more",
            account::grant_permission,
        )
        .answers::<Created>()
        .body::<ReasonBody>(),
        delete(
            "/api/accounts/{id}/permissions/{permission}",
            "Take a permission back",
            account::revoke_permission,
        )
        .answers::<Created>()
        .body::<ReasonBody>(),
        post("/api/api-tokens", "Mint a token for a machine", api_token::mint)
            .answers::<ApiTokenShown>()
            .body::<ApiTokenBody>()
            .status(201),
        get("/api/api-tokens", "List the tenant's API tokens", api_token::list)
            .answers::<Listed<ApiTokenRow>>()
            .paged(),
        delete("/api/api-tokens/{id}", "Revoke an API token", api_token::revoke)
            .answers::<Created>()
            .body::<ReasonBody>(),
    ]
}

fn platform() -> Vec<Route> {
    vec![
        post("/api/organizations", "Create an organization", organization::create)
            .answers::<Created>()
            .body::<OrganizationBody>()
            .status(201),
        get("/api/organizations", "List organizations", organization::list)
            .answers::<Listed<OrganizationRow>>()
            .paged(),
        post("/api/tenants", "Create a tenant", organization::create_tenant)
            .answers::<Created>()
            .body::<TenantBody>()
            .status(201),
        get("/api/tenants", "List tenants", organization::list_tenants).answers::<Page<TenantRow>>().paged(),
        post("/api/invitations", "Invite somebody", organization::invite)
            .answers::<Invited>()
            .body::<InviteBody>()
            .status(201),
        get("/api/outbox", "Read the mail posted last", organization::outbox).answers::<Items<Posted>>(),
        post("/api/invitations/{token}/accept", "Accept an invitation", auth::accept)
            .answers::<SessionAnswer<'static>>()
            .shows_once()
            .open()
            .body::<AcceptBody>()
            .status(201),
    ]
}

fn risk_model() -> Vec<Route> {
    vec![
        post("/api/outcomes", "Define an outcome", outcome::define)
            .answers::<Created>()
            .body::<OutcomeBody>()
            .status(201),
        get("/api/outcomes", "List outcomes", outcome::list)
            .answers::<Page<OutcomeView>>()
            .paged()
            .parameter("status", "Threatened so badly: green, unknown, amber or red")
            .parameter("archived", "`true` lists those out of use as well"),
        get("/api/outcomes/{id}", "Read an outcome", outcome::show).answers::<OutcomeView>(),
        put("/api/outcomes/{id}", "Edit an outcome", outcome::edit)
            .answers::<Accepted>()
            .body::<OutcomeBody>()
            .versioned(),
        post("/api/outcomes/{id}/archive", "Archive an outcome", outcome::archive)
            .answers::<Accepted>()
            .body::<ReasonBody>()
            .versioned(),
        post("/api/risks", "Define a risk", risk::define).answers::<Created>().body::<RiskBody>().status(201),
        get("/api/risks", "List risks", risk::list)
            .answers::<Page<RiskView>>()
            .paged()
            .parameter("status", "Standing so: open, accepted, mitigated or closed")
            .parameter("severity", "As bad as that: green, unknown, amber or red")
            .parameter("controlId", "Held down by this control")
            .parameter("outcomeId", "Threatening this outcome")
            .parameter("owner", "Answered for by this account")
            .parameter("archived", "`true` lists those out of use as well"),
        get("/api/risks/{id}", "Read a risk", risk::show).answers::<RiskView>(),
        put("/api/risks/{id}", "Edit a risk", risk::edit)
            .answers::<Accepted>()
            .body::<RiskBody>()
            .versioned(),
        post("/api/risks/{id}/archive", "Archive a risk", risk::archive)
            .answers::<Accepted>()
            .body::<ReasonBody>()
            .versioned(),
        put("/api/risks/{id}/controls/{controlId}", "Link a risk to a control", risk::link_control)
            .answers::<Accepted>()
            .body::<ReasonBody>(),
        delete("/api/risks/{id}/controls/{controlId}", "Unlink a risk from a control", risk::unlink_control)
            .answers::<Accepted>()
            .body::<ReasonBody>(),
        put("/api/risks/{id}/outcomes/{outcomeId}", "Link a risk to an outcome", risk::link_outcome)
            .answers::<Accepted>()
            .body::<ReasonBody>(),
        delete("/api/risks/{id}/outcomes/{outcomeId}", "Unlink a risk from an outcome", risk::unlink_outcome)
            .answers::<Accepted>()
            .body::<ReasonBody>(),
    ]
}

fn kris() -> Vec<Route> {
    vec![
        post("/api/kris", "Define a KRI", kri::define).answers::<Created>().body::<KriBody>().status(201),
        get("/api/kris", "List KRIs", kri::list)
            .answers::<Page<KriView>>()
            .paged()
            .parameter("slug", "With this slug")
            .parameter("status", "Standing so: green, unknown, amber or red")
            .parameter("stale", "`true` for stale ones, `false` for fresh ones")
            .parameter("sourceId", "Measured by this source")
            .parameter("riskId", "Measuring this risk")
            .parameter("outcomeId", "Standing for this outcome")
            .parameter("owner", "Answered for by this account")
            .parameter("archived", "`true` lists those out of use as well"),
        get("/api/kris/{id}", "Read a KRI", kri::show).answers::<KriView>(),
        put("/api/kris/{id}", "Edit a KRI", kri::edit).answers::<Accepted>().body::<KriBody>().versioned(),
        post("/api/kris/{id}/archive", "Archive a KRI", kri::archive)
            .answers::<Accepted>()
            .body::<ReasonBody>()
            .versioned(),
        put("/api/kris/{id}/risks/{riskId}", "Link a KRI to a risk", kri::link_risk)
            .answers::<Accepted>()
            .body::<ReasonBody>(),
        delete("/api/kris/{id}/risks/{riskId}", "Unlink a KRI from a risk", kri::unlink_risk)
            .answers::<Accepted>()
            .body::<ReasonBody>(),
        post("/api/kris/{id}/values", "Enter a value", kri::enter_value)
            .answers::<Accepted>()
            .body::<ReadingBody>(),
        get("/api/kris/{id}/values", "List readings, adjustments and corrections", kri::values)
            .answers::<Page<ValueRow>>()
            .paged(),
        post(
            "/api/kris/{id}/values/{sequence}/correct",
            "Correct or withdraw a past reading",
            kri::correct_value,
        )
        .answers::<Accepted>()
        .body::<CorrectionBody>(),
        get("/api/kris/{id}/history", "The values within a range of time, drawn", kri::history)
            .answers::<History>()
            .parameter("from", "True at or after (RFC 3339); 30 days before `to`")
            .parameter("to", "True before (RFC 3339); now")
            .parameter("points", "How many points at most, up to 2000; 400")
            .parameter("knownAt", "As it was known at this time (RFC 3339); as it is known now"),
        get("/api/kris/{id}/explain", "The events behind a KRI's value and colour", kri::explain)
            .answers::<ValueExplanation>()
            .parameter("asOf", "As of this time (RFC 3339)")
            .parameter("position", "As of this position of the stream"),
    ]
}

fn controls() -> Vec<Route> {
    vec![
        post("/api/controls", "Define a control", control::define)
            .answers::<Created>()
            .body::<ControlBody>()
            .status(201),
        get("/api/controls", "List controls", control::list)
            .answers::<Page<ControlView>>()
            .paged()
            .parameter("state", "Working so well: effective, partial, ineffective or unknown")
            .parameter("owner", "Answered for by this account")
            .parameter("archived", "`true` lists those out of use as well"),
        get("/api/controls/{id}", "Read a control", control::show).answers::<ControlView>(),
        put("/api/controls/{id}", "Edit a control", control::edit)
            .answers::<Accepted>()
            .body::<ControlBody>()
            .versioned(),
        post("/api/controls/{id}/archive", "Archive a control", control::archive)
            .answers::<Accepted>()
            .body::<ReasonBody>()
            .versioned(),
        post("/api/vendors", "Define a vendor", vendor::define)
            .answers::<Created>()
            .body::<VendorBody>()
            .status(201),
        get("/api/vendors", "List vendors", vendor::list)
            .answers::<Page<VendorRow>>()
            .paged()
            .parameter("criticality", "On which so much hangs: low, medium, high or critical")
            .parameter("owner", "Answered for by this account")
            .parameter("archived", "`true` lists those out of use as well"),
        get("/api/vendors/{id}", "Read a vendor", vendor::show).answers::<VendorRow>(),
        put("/api/vendors/{id}", "Edit a vendor", vendor::edit)
            .answers::<Accepted>()
            .body::<VendorBody>()
            .versioned(),
        post("/api/vendors/{id}/archive", "Archive a vendor", vendor::archive)
            .answers::<Accepted>()
            .body::<ReasonBody>()
            .versioned(),
    ]
}

fn breaches() -> Vec<Route> {
    vec![
        get("/api/breaches", "List breach episodes", breach::list)
            .answers::<Page<BreachRow>>()
            .paged()
            .parameter("open", "`true` for open ones, `false` for closed ones")
            .parameter("kriId", "Of this KRI")
            .parameter("level", "As bad as that: amber or red")
            .parameter("acknowledged", "`true` for those somebody has seen, `false` for the others")
            .parameter("owner", "Answered for by this account"),
        get("/api/breaches/{id}", "Read a breach episode with its timeline", breach::show)
            .answers::<BreachRow>(),
        post("/api/breaches/{id}/acknowledge", "Acknowledge a breach", breach::acknowledge)
            .answers::<Accepted>()
            .body::<ReasonBody>(),
        post("/api/breaches/{id}/assign", "Give a breach an owner, or none", breach::assign)
            .answers::<Accepted>()
            .body::<AssignBody>(),
        post("/api/breaches/{id}/comments", "Comment on a breach", breach::comment)
            .answers::<Accepted>()
            .body::<CommentBody>(),
        post("/api/breaches/{id}/snooze", "Be quiet about a breach until a time", breach::snooze)
            .answers::<Accepted>()
            .body::<SnoozeBody>(),
        post("/api/breaches/{id}/wake", "End a breach's snooze", breach::wake)
            .answers::<Accepted>()
            .body::<ReasonBody>(),
        post("/api/breaches/{id}/close", "Close a breach by hand", breach::close)
            .answers::<Accepted>()
            .body::<ReasonBody>(),
    ]
}

fn sources() -> Vec<Route> {
    vec![
        get("/api/integrations/catalog", "List the connectors", source::catalog)
            .answers::<Items<CatalogEntry>>(),
        post("/api/kri-sources", "Connect a source", source::connect)
            .answers::<Created>()
            .body::<ConnectBody>()
            .status(201),
        post("/api/kri-sources/test", "Try settings before they are saved", source::test)
            .answers::<TrialReport>()
            .body::<ConnectBody>(),
        post("/api/kri-sources/{id}/test", "Try a saved source", source::test_saved)
            .answers::<TrialReport>()
            .body::<Nothing>(),
        get("/api/kri-sources", "List sources", source::list)
            .answers::<Page<SourceRow>>()
            .paged()
            .parameter("sourceType", "Of this type")
            .parameter("vendor", "Read by this connector")
            .parameter("health", "Faring so")
            .parameter("archived", "`true` lists those out of use as well"),
        get("/api/kri-sources/{id}", "Read a source", source::show).answers::<SourceRow>(),
        put("/api/kri-sources/{id}", "Edit a source", source::edit)
            .answers::<Accepted>()
            .body::<ConnectBody>()
            .versioned(),
        post("/api/kri-sources/{id}/pause", "Stop a source's schedule", source::pause)
            .answers::<Accepted>()
            .body::<ReasonBody>(),
        post("/api/kri-sources/{id}/resume", "Let a source's schedule go on", source::resume)
            .answers::<Accepted>()
            .body::<ReasonBody>(),
        post("/api/kri-sources/{id}/archive", "Archive a source", source::archive)
            .answers::<Accepted>()
            .body::<ReasonBody>()
            .versioned(),
        post("/api/kri-sources/{id}/run", "Run a source now", source::run)
            .answers::<RunEnded>()
            .goes_on::<RunUnderWay>()
            .body::<ReasonBody>(),
        get("/api/kri-sources/{id}/runs", "List a source's runs", source::runs)
            .answers::<Page<SourceRunRow>>()
            .paged(),
        post("/api/kri-sources/{id}/values", "Push values to a source", push::push)
            .answers::<Delivered>()
            .body::<PushBody>(),
        post("/api/kri-sources/{id}/upload", "Upload a file of values", push::upload)
            .answers::<Delivered>()
            .media("text/csv"),
        post("/api/kri-sources/{id}/push-tokens", "Mint a token for pushing values", push::mint)
            .answers::<PushTokenMinted>()
            .body::<PushTokenBody>()
            .status(201),
        get("/api/kri-sources/{id}/push-tokens", "List a source's push tokens", push::list)
            .answers::<Items<PushTokenRow>>(),
        delete("/api/kri-sources/{id}/push-tokens/{tokenId}", "Revoke a push token", push::revoke)
            .answers::<Accepted>()
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
        .answers::<AnyObject>()
        .open(),
        post("/api/workflows", "Draft a workflow", workflow::draft)
            .answers::<Created>()
            .body::<DefinitionBody>()
            .status(201),
        get("/api/workflows", "List workflows", workflow::list)
            .answers::<Page<WorkflowSummary>>()
            .parameter("state", "Standing so: draft, active, paused, archived")
            .parameter("trigger", "Started so: kri_breach, schedule, manual")
            .parameter("relay", "Going through this channel")
            .parameter("kriEvent", "Emitting this KRI event")
            .parameter("archived", "Whether archived ones are listed too")
            .paged(),
        get("/api/workflows/{id}", "Read a workflow", workflow::show).answers::<WorkflowRow>(),
        put("/api/workflows/{id}", "Edit a workflow, which makes a version", workflow::edit)
            .answers::<WorkflowChanged>()
            .body::<DefinitionBody>()
            .versioned(),
        post("/api/workflows/{id}/restore", "Put an old version of a workflow back", workflow::restore)
            .answers::<WorkflowChanged>()
            .body::<RestoreBody>()
            .versioned(),
        post("/api/workflows/{id}/activate", "Switch a workflow's trigger on", workflow::activate)
            .answers::<WorkflowChanged>()
            .body::<TransitionBody>()
            .versioned(),
        post("/api/workflows/{id}/pause", "Switch a workflow's trigger off", workflow::pause)
            .answers::<WorkflowChanged>()
            .body::<TransitionBody>()
            .versioned(),
        post("/api/workflows/{id}/archive", "Archive a workflow for good", workflow::archive)
            .answers::<WorkflowChanged>()
            .body::<TransitionBody>()
            .versioned(),
        post("/api/workflows/{id}/run", "Start a run of a workflow by hand", start::run)
            .answers::<RunStarted>()
            .body::<RunBody>()
            .status(201),
        get("/api/workflows/{id}/next-runs", "When a workflow's schedule is due next", start::next_runs)
            .answers::<NextRuns>()
            .parameter("limit", "How many due times, at most 100; 10 where nothing is said"),
        post(
            "/api/workflows/{id}/backtests",
            "Which runs a definition would have started by what was recorded, and what if",
            backtest::backtest,
        )
        .answers::<AnyObject>()
        .body::<backtest::BacktestBody>(),
        get("/api/documents/{hash}", "Fetch a document that a run has written", document::fetch),
        get("/api/workflows/{id}/versions", "List a workflow's versions", history::versions)
            .answers::<Listed<VersionItem>>()
            .paged(),
        get("/api/workflows/{id}/versions/compare", "Compare two versions of a workflow", history::compare)
            .answers::<VersionsCompared>()
            .parameter("from", "The one version")
            .parameter("to", "The other"),
        get("/api/workflows/{id}/versions/{version}", "Read a version of a workflow", history::version)
            .answers::<VersionItem>(),
        get("/api/workflows/{id}/change-log", "What was done to a workflow", history::change_log)
            .answers::<Listed<ChangeItem>>()
            .paged(),
    ]
}

fn workflow_surroundings() -> Vec<Route> {
    vec![
        get("/api/workflow-kri-definitions", "List declared KRI events", kri_event_definition::list)
            .answers::<Page<KriEventRow>>()
            .paged(),
        get("/api/workflow-kri-definitions/{id}", "Read a declared KRI event", kri_event_definition::show)
            .answers::<KriEventRow>(),
        put(
            "/api/workflow-kri-definitions/{id}",
            "Declare a KRI event, or edit it",
            kri_event_definition::declare,
        )
        .answers::<Accepted>()
        .body::<KriEventBody>()
        .versioned(),
        get(
            "/api/workflow-kri-definitions/{id}/versions",
            "List a KRI event's versions",
            history::kri_event_versions,
        )
        .answers::<Listed<VersionItem>>()
        .paged(),
        get(
            "/api/workflow-kri-definitions/{id}/versions/{version}",
            "Read a version of a KRI event",
            history::kri_event_version,
        )
        .answers::<VersionItem>(),
        get(
            "/api/workflow-kri-definitions/{id}/change-log",
            "What was done to a KRI event",
            history::kri_event_change_log,
        )
        .answers::<Listed<ChangeItem>>()
        .paged(),
        get("/api/relay-config", "How workflows reach the outside", relay::list)
            .answers::<Listed<RelayItem>>(),
        get("/api/relay-config/{channel}", "Read a relay", relay::show).answers::<RelayItem>(),
        put("/api/relay-config/{channel}", "Set a relay up", relay::configure)
            .answers::<RelayChanged>()
            .body::<RelayBody>()
            .versioned(),
        delete("/api/relay-config/{channel}", "Remove a relay", relay::remove)
            .answers::<RelayChanged>()
            .body::<ReasonBody>()
            .versioned(),
        post("/api/relay-config/{channel}/test", "Try a relay", relay::test)
            .answers::<TestOutcome>()
            .body::<Nothing>(),
    ]
}

fn panel_sessions() -> Vec<Route> {
    vec![
        post("/api/panel-sessions", "Ask the expert panel", panel::open)
            .body::<AskBody>()
            .answers::<PanelAnswer>()
            .events(panel::EVENTS)
            .status(201),
        get("/api/panel-sessions", "List sessions of the panel", panel::list)
            .answers::<Listed<AnyObject>>()
            .paged(),
        get("/api/panel-sessions/{id}", "Read a session with its transcript", panel::show)
            .answers::<AnyObject>(),
        post("/api/panel-sessions/{id}/messages", "Ask on in a session", panel::message)
            .body::<MessageBody>()
            .answers::<PanelAnswer>()
            .events(panel::EVENTS),
        get("/api/model-config", "Which model panel and interviews ask", model_config::show),
        put("/api/model-config", "Choose a model", model_config::choose).body::<ModelBody>().versioned(),
        delete("/api/model-config", "Take the choice of a model back", model_config::remove)
            .body::<ReasonBody>()
            .versioned(),
        post("/api/panel-sessions/{id}/end", "Freeze a session, and keep what is agreed", panel::end)
            .body::<EndBody>(),
    ]
}

fn institutional_memory() -> Vec<Route> {
    vec![
        get(
            "/api/institutional-memory",
            "What is remembered, or what has to do with some words",
            memory::look,
        )
        .parameter("q", "Words to search for: all of them, \"a phrase\", or, -without"),
        post("/api/institutional-memory", "Remember a fact", memory::remember).body::<FactBody>().status(201),
        get("/api/institutional-memory/facts", "List facts", memory::facts)
            .answers::<Listed<AnyObject>>()
            .paged(),
        get("/api/institutional-memory/facts/{key}", "Read a fact", memory::fact),
        put("/api/institutional-memory/facts/{key}", "Set a fact", memory::set_fact).body::<FactValueBody>(),
        delete("/api/institutional-memory/facts/{key}", "Forget a fact", memory::forget_fact)
            .body::<ReasonBody>(),
        post("/api/institutional-memory/documents", "Add a document", memory::add_document)
            .body::<DocumentBody>()
            .status(201),
        post(
            "/api/institutional-memory/documents/upload",
            "Add a document, which is the body",
            memory::upload_document,
        )
        .parameter("title", "What people call it")
        .media("application/pdf")
        .status(201),
        get("/api/institutional-memory/documents", "List documents", memory::documents)
            .answers::<Listed<AnyObject>>()
            .paged(),
        get("/api/institutional-memory/documents/{id}", "Read a document with its text", memory::document),
        delete("/api/institutional-memory/documents/{id}", "Forget a document", memory::forget_document)
            .body::<ReasonBody>(),
    ]
}

fn interviews() -> Vec<Route> {
    vec![
        post("/api/workflow-interviews", "Begin to talk a workflow through", interview::start)
            .body::<interview::StartBody>()
            .answers::<InterviewView>()
            .status(201),
        get("/api/workflow-interviews", "List interviews", interview::list)
            .parameter("state", "Standing so: open, confirmed, abandoned")
            .paged(),
        get(
            "/api/workflow-interviews/{id}",
            "Read an interview with everything that was said",
            interview::show,
        )
        .answers::<interview::Shown>(),
        post("/api/workflow-interviews/{id}/messages", "Say something in an interview", interview::say)
            .body::<interview::MessageBody>()
            .answers::<InterviewView>(),
        post(
            "/api/workflow-interviews/{id}/confirm",
            "Confirm the draft that was shown, which makes a workflow of it",
            interview::confirm,
        )
        .body::<interview::ConfirmBody>()
        .versioned()
        .status(201),
        post("/api/workflow-interviews/{id}/abandon", "Give an interview up", interview::abandon)
            .body::<Nothing>()
            .answers::<InterviewView>(),
    ]
}

fn approvals() -> Vec<Route> {
    vec![
        get("/api/approvals", "List what people are asked to decide", approval::list)
            .answers::<Listed<ApprovalItem>>()
            .parameter("state", "Standing so: open, approved, rejected, timed_out, withdrawn")
            .parameter("mine", "Whether only those are listed that wait for the caller's vote")
            .parameter("run", "Of this run")
            .parameter("workflow", "Of this workflow")
            .paged(),
        get("/api/approvals/{id}", "Read what is to be decided, with the digest to vote on", approval::show)
            .answers::<ApprovalItem>(),
        post("/api/approvals/{id}/vote", "Approve or reject", approval::vote)
            .answers::<ApprovalChanged>()
            .body::<VoteBody>(),
        post("/api/approvals/{id}/delegate", "Hand one's say to somebody else", approval::delegate)
            .answers::<ApprovalChanged>()
            .body::<DelegateBody>(),
        post("/api/workflow-runs/{id}/approve", "Approve what a run asks", of_run::approve)
            .answers::<ApprovalChanged>()
            .body::<of_run::ApproveBody>(),
        post("/api/workflow-runs/{id}/reject", "Reject what a run asks", of_run::reject)
            .answers::<ApprovalChanged>()
            .body::<of_run::RejectBody>(),
        get(
            "/approvals/{approvalId}",
            "The page where a person reads and decides; opening it decides nothing",
            approval::page::open,
        )
        .open(),
    ]
}

fn workflow_runs() -> Vec<Route> {
    vec![
        get("/api/workflow-runs", "List runs of workflows", workflow_run::list)
            .answers::<Listed<RunItem>>()
            .parameter("workflow", "Of this workflow")
            .parameter("state", RUN_STATES)
            .parameter("trigger", "Set off so: kri_breach, schedule, manual")
            .parameter("from", "Started at or after, RFC 3339")
            .parameter("to", "Started before, RFC 3339")
            .paged(),
        get("/api/workflows/{id}/runs", "List a workflow's runs", workflow_run::of_workflow)
            .answers::<Listed<RunItem>>()
            .parameter("state", RUN_STATES)
            .parameter("from", "Started at or after, RFC 3339")
            .parameter("to", "Started before, RFC 3339")
            .paged(),
        get("/api/workflow-runs/{id}", "Read a run with its steps", workflow_run::show).answers::<RunShown>(),
        post("/api/workflow-runs/{id}/retry", "Have a failed run tried again", workflow_run::retry)
            .answers::<RunChanged>()
            .body::<RunReasonBody>(),
        post("/api/workflow-runs/{id}/skip", "Pass over the step that a run is at", workflow_run::skip)
            .answers::<RunChanged>()
            .body::<RunReasonBody>(),
        post("/api/workflow-runs/{id}/cancel", "End a run", workflow_run::cancel)
            .answers::<RunChanged>()
            .body::<RunReasonBody>(),
        get("/api/effects", "List what runs do outside", effect::list)
            .answers::<Listed<EffectItem>>()
            .parameter(
                "state",
                "Of which that is known: planned, sending, confirmed, rejected, ambiguous, decided",
            )
            .parameter("channel", "Through this channel")
            .parameter("run", "Of this run")
            .paged(),
        get("/api/effects/{id}", "Read what a run does outside", effect::show).answers::<EffectItem>(),
        post("/api/effects/{id}/decide", "Say what became of an effect, having looked", effect::decide)
            .answers::<RunChanged>()
            .body::<DecideBody>(),
    ]
}

fn previews() -> Vec<Route> {
    vec![
        post("/api/workflows/{id}/previews", "Mint a link that shows a workflow once", preview::mint)
            .answers::<PreviewMinted>()
            .shows_once()
            .body::<PreviewBody>()
            .status(201),
        get("/api/workflows/{id}/previews", "List a workflow's previews", preview::list)
            .answers::<Listed<PreviewItem>>()
            .paged(),
        delete("/api/workflows/{id}/previews/{previewId}", "Take a preview back", preview::revoke)
            .answers::<Accepted>()
            .body::<ReasonBody>(),
        get(
            "/api/public/workflow/{token}",
            "See a shared workflow, once; a browser gets a page with a button",
            visit::look,
        )
        .answers::<Shown>()
        .shows_once()
        .open(),
        post("/api/public/workflow/{token}", "See a shared workflow, once: the button", visit::open)
            .answers::<Shown>()
            .shows_once()
            .open(),
    ]
}

fn reading() -> Vec<Route> {
    vec![
        get("/api/dashboard", "The dashboard, now or as of a past moment", dashboard::show)
            .answers::<Dashboard>()
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
        part_of_a_stream(
            get("/api/audit/events", "The stream itself", audit::events).answers::<EventsAnswer>(),
        )
        .paged(),
        part_of_a_stream(get("/api/audit/export", "The stream, or a part of it, as one file", audit::export))
            .parameter("format", "`ndjson` (the records as they were hashed), `cloudevents` or `bundle`"),
        get("/api/audit/keys", "The keys that checkpoints and bundles are verified with", audit::keys)
            .answers::<Items<PublishedKey>>(),
        get(
            "/api/audit/checkpoint",
            "The newest signed statement of what the stream holds",
            audit::checkpoint,
        )
        .answers::<CheckpointShown>(),
        get("/api/audit/proof", "The proof that an event is sealed, or that the log only grew", audit::proof)
            .answers::<ProofAnswer>()
            .parameter("position", "Prove that the event at this position is sealed")
            .parameter("from", "Prove that the stream of this many events…")
            .parameter("to", "…is the beginning of the stream of this many"),
        post("/api/audit/verify", "Verify a bundle (the body is its bytes)", audit::verify)
            .answers::<AnyObject>(),
        get("/api/audit/replay", "The dashboard as it was, or any read model's rows", audit::replay)
            .answers::<Replayed>()
            .parameter("asOf", "As of this time (RFC 3339)")
            .parameter("position", "As of this position of the stream")
            .parameter("model", "The read model's name, such as `workflows`; the dashboard where it is left out")
            .paged(),
        get("/api/audit/diff", "What changed between two points, by thing and by actor", audit::diff)
            .answers::<StreamDifference>()
            .parameter("from", "The earlier point: a position or a time (RFC 3339)")
            .parameter("to", "The later point; the stream's end where it is left out"),
        part_of_a_stream(get(
            "/api/audit/case-file",
            "A question's events, explanations, differences and proofs, as one HTML document that stands alone",
            audit::case_file,
        ))
        .parameter("question", "The question in words, as the document's title")
        .parameter("limit", "How many events, at most 200"),
        get("/api/audit/explain", "Why an event happened and what came of it", audit::explain)
            .answers::<Explanation>()
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
