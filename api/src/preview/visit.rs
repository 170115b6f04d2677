//! Visits: `/api/public/workflow/{token}`. A program's GET is used up by the first answer; a browser is handed a page with a
//! button, so that a scanner of mails or a link's preview burns nothing (hazards H10).

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use draxis_commands::CommandError;
use draxis_commands::preview::FoundPreview;
use draxis_domain::preview::PreviewStanding;
use draxis_domain::{Position, TenantId};
use draxis_projections::{WorkflowRow, WorkflowRunRow, WorkflowRunState, WorkflowThen};
use serde::Serialize;

use super::page;
use crate::app::App;
use crate::problem::Problem;
use crate::request::{Nothing, Open};
use crate::workflow::history::{ChangeItem, named_changes};

/// How many changes are shown at most, the newest.
const CHANGES: usize = 200;

/// How many runs are shown at most, the latest that had been started by then.
const RUNS: usize = 10;

/// Words in the names of programs that look at links to show or judge them.
const ROBOTS: [&str; 7] = ["bot", "crawl", "spider", "preview", "facebookexternalhit", "whatsapp", "scanner"];

/// What a visitor sees, as of the position at which the preview was minted.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    pub(super) position: Position,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) workflow: WorkflowRow,
    pub(super) change_log: ListOf<ChangeItem>,
    pub(super) runs: ListOf<ShownRun>,
    pub(super) verify: Verify,
}

/// A run as strangers may see it: that it was, and what became of it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownRun {
    pub(super) version: u64,
    pub(super) state: WorkflowRunState,
    pub(super) started_at: DateTime<Utc>,
    pub(super) ended_at: Option<DateTime<Utc>>,
}

impl From<WorkflowRunRow> for ShownRun {
    fn from(run: WorkflowRunRow) -> Self {
        let WorkflowRunRow { version, state, started_at, ended_at, .. } = run;
        Self { version, state, started_at, ended_at }
    }
}

/// A list that has no further pages here.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListOf<T> {
    pub(super) items: Vec<T>,
    next_cursor: Option<String>,
}

/// Where somebody who does not trust what they see can have it proven.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verify {
    /// The stream that holds the events.
    stream: TenantId,
    /// The last event that is shown.
    pub(super) event_position: Position,
    /// Its leaf in the stream's Merkle tree (RFC 6962), as hexadecimal digits.
    pub(super) leaf_hash: String,
    /// The signed statement of the stream's size and root.
    checkpoint: String,
    /// The proof that the event stands in it.
    pub(super) proof: String,
    /// The keys that statements are signed with.
    keys: String,
}

impl<T> ListOf<T> {
    const fn all(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}

/// `GET /api/public/workflow/{token}`.
pub async fn look(
    app: Data<App>,
    request: HttpRequest,
    token: Path<String>,
    visit: Open<Nothing>,
) -> HttpResponse {
    if is_browser(request.headers()) || only_looks_ahead(request.headers()) {
        return closed(html(HttpResponse::Ok(), page::button()));
    }
    answered(&request, show(&app, &token, visit.context.request).await)
}

/// `POST /api/public/workflow/{token}`: the button.
pub async fn open(
    app: Data<App>,
    request: HttpRequest,
    token: Path<String>,
    visit: Open<Nothing>,
) -> HttpResponse {
    answered(&request, show(&app, &token, visit.context.request).await)
}

fn is_browser(headers: &HeaderMap) -> bool {
    text(headers, header::ACCEPT.as_str()).contains("text/html")
}

/// Whether whoever asks says that nobody may ever look at the answer.
fn only_looks_ahead(headers: &HeaderMap) -> bool {
    let says = |name: &str, words: &[&str]| {
        let value = text(headers, name);
        words.iter().any(|word| value.contains(word))
    };
    ["purpose", "sec-purpose", "x-purpose", "x-moz"].iter().any(|name| says(name, &["prefetch", "preview"]))
        || headers.contains_key(header::RANGE)
        || says("user-agent", &ROBOTS)
}

fn text(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_ascii_lowercase()
}

/// What is to be seen is made ready first, so that no failure of ours uses the link up; then the preview decides.
async fn show(app: &App, token: &str, request: Option<String>) -> Result<Shown, Problem> {
    let preview = app.commands.find_preview(token).await?;
    let state = &preview.state;
    let open =
        state.standing == PreviewStanding::Open && app.commands.clock().now() < state.minted.expires_at;
    let shown = if open { ready(app, &preview).await? } else { None };
    app.commands.view_preview(&preview, request).await?;
    Ok(shown.ok_or(CommandError::Gone)?)
}

async fn ready(app: &App, preview: &FoundPreview) -> Result<Option<Shown>, Problem> {
    let minted = &preview.state.minted;
    let then = app.read_models.workflow_then(preview.tenant, minted.workflow_id, minted.position).await?;
    let Some(WorkflowThen { workflow, mut changes, last: (event_position, leaf_hash) }) = then else {
        return Ok(None);
    };
    changes.truncate(CHANGES);
    let of = (minted.workflow_id, minted.position);
    let runs = app.read_models.runs_of_workflow_until(preview.tenant, of, RUNS).await?;
    let verify = Verify {
        stream: preview.tenant,
        event_position,
        leaf_hash: HEXLOWER.encode(&leaf_hash),
        checkpoint: "/api/audit/checkpoint".to_owned(),
        proof: format!("/api/audit/proof?position={event_position}"),
        keys: "/api/audit/keys".to_owned(),
    };
    Ok(Some(Shown {
        position: minted.position,
        expires_at: minted.expires_at,
        workflow,
        change_log: ListOf::all(named_changes(app, changes).await?),
        runs: ListOf::all(runs.into_iter().map(ShownRun::from).collect()),
        verify,
    }))
}

fn answered(request: &HttpRequest, shown: Result<Shown, Problem>) -> HttpResponse {
    let browser = is_browser(request.headers());
    closed(match shown {
        Ok(shown) if browser => html(HttpResponse::Ok(), page::workflow(&shown)),
        Ok(shown) => HttpResponse::Ok().json(shown),
        Err(problem) if browser => {
            html(HttpResponse::build(problem.status_code()), page::refusal(&problem.to_string()))
        }
        Err(problem) => problem.error_response(),
    })
}

fn html(mut response: actix_web::HttpResponseBuilder, page: String) -> HttpResponse {
    response.content_type("text/html; charset=utf-8").body(page)
}

/// Nobody keeps it, nobody is told where it was seen, no index lists it, and the page can do nothing but press its button.
fn closed(mut response: HttpResponse) -> HttpResponse {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow, noarchive"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::{is_browser, only_looks_ahead};

    fn burns(headers: &[(&'static str, &str)]) -> bool {
        let request =
            headers.iter().fold(TestRequest::default(), |request, header| request.insert_header(*header));
        let request = request.to_http_request();
        !is_browser(request.headers()) && !only_looks_ahead(request.headers())
    }

    #[test]
    fn whoever_only_looks_ahead_burns_nothing() {
        for headers in [
            vec![("accept", "text/html,application/xhtml+xml")],
            vec![("accept", "application/json"), ("purpose", "prefetch")],
            vec![("accept", "*/*"), ("sec-purpose", "prefetch;prerender")],
            vec![("accept", "*/*"), ("x-moz", "prefetch")],
            vec![("accept", "*/*"), ("x-purpose", "preview")],
            vec![("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)")],
            vec![("user-agent", "WhatsApp/2.23")],
            vec![("range", "bytes=0-32768")],
        ] {
            assert!(!burns(&headers), "{headers:?}");
        }
        assert!(burns(&[("accept", "application/json"), ("user-agent", "curl/8")]));
        assert!(burns(&[]));
    }
}
