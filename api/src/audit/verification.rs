//! `POST /api/audit/verify`: a bundle judged by the server, for those who trust it. `draxis-verify` does the same without.

use std::fs::File;
use std::io::{BufReader, Seek as _, Write as _};

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use draxis_domain::audit::{AuditEvent, BundleVerified, Judgement};
use draxis_proof::bundle::{NotABundle, Report, Verdict, verify as judge};
use futures_util::StreamExt as _;

use crate::answer::{Answered, json};
use crate::app::App;
use crate::problem::Problem;
use crate::request::Upload;

/// The largest bundle that is taken over HTTP; larger ones are for `draxis-verify`.
const LARGEST: usize = 1 << 30;

/// `POST /api/audit/verify`: the two verdicts, as `draxis-verify --json` gives them.
pub async fn verify(app: Data<App>, upload: Upload) -> Answered {
    upload.context.caller.audited_stream()?;
    let bundle = keep(upload.payload).await?;
    let ring = app.sealing.ring();
    let judged = tokio::task::spawn_blocking(move || judge(BufReader::new(bundle), &ring, &[])).await;
    let report = judged.map_err(|error| Problem::failed(&error))?.map_err(|error| match error {
        NotABundle::Form => Problem::malformed("not_a_bundle", error.to_string()),
        NotABundle::Io(_) => Problem::failed(&error),
    })?;
    let recorded = app.commands.record_look(&upload.context, AuditEvent::Verified(told_of(&report))).await?;
    let mut answer = json(StatusCode::OK, &report)?;
    let position = actix_web::http::header::HeaderValue::from(recorded.position.get());
    answer
        .headers_mut()
        .insert(actix_web::http::header::HeaderName::from_static("draxis-position"), position);
    Ok(answer)
}

fn told_of(report: &Report) -> BundleVerified {
    // What a bundle says of itself is anybody's text until integrity holds.
    let origin = report.subject.as_ref().filter(|_| report.integrity.holds());
    BundleVerified {
        origin: origin.map(|subject| subject.origin.clone()),
        integrity: judgement(&report.integrity),
        completeness: judgement(&report.completeness),
    }
}

fn judgement(verdict: &Verdict) -> Judgement {
    match verdict {
        Verdict::Holds => Judgement::Holds,
        Verdict::Refused(_) => Judgement::Refused,
    }
}

/// Keeps the body in a nameless file, so that its size is no matter of memory.
async fn keep(mut payload: Payload) -> Result<File, Problem> {
    let failed = |error: std::io::Error| Problem::failed(&error);
    let mut file = tempfile::tempfile().map_err(failed)?;
    let mut size = 0_usize;
    while let Some(chunk) = payload.next().await {
        let chunk =
            chunk.map_err(|_| Problem::malformed("broken_body", "the body broke off before its end"))?;
        size = size.saturating_add(chunk.len());
        if size > LARGEST {
            return Err(Problem::too_large(LARGEST));
        }
        file.write_all(&chunk).map_err(failed)?;
    }
    file.rewind().map_err(failed)?;
    Ok(file)
}
