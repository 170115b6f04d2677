//! Keys, checkpoints and proofs: for whoever watches the log from outside.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use draxis_commands::sealing::ProofRefusal;
use draxis_commands::{CommandError, Permission};
use draxis_domain::Position;
use draxis_domain::audit::{AuditEvent, StreamPart, StreamRead};
use draxis_proof::tree::{Hash, leaf_hash};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use crate::answer::{Answered, json as answer};
use crate::app::App;
use crate::problem::Problem;
use crate::request::{Nothing, Query};

/// The query parameters of a proof.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofQuery {
    position: Option<u64>,
    from: Option<u64>,
    to: Option<u64>,
}

/// The proof that an event is sealed. Hashes are base64.
#[derive(Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InclusionAnswer {
    /// The record exactly as it was hashed: its bytes are the ones between the braces, and those.
    #[schemars(with = "crate::shape::AnyObject")]
    record: Box<RawValue>,
    leaf_hash: String,
    index: u64,
    size: u64,
    path: Vec<String>,
    checkpoint: String,
}

#[derive(Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsistencyAnswer {
    from: u64,
    to: u64,
    from_root: String,
    to_root: String,
    path: Vec<String>,
    checkpoint: String,
}

/// Either proof.
#[derive(Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub(crate) enum ProofAnswer {
    /// That an event is sealed.
    Inclusion(InclusionAnswer),
    /// That the log only grew.
    Consistency(ConsistencyAnswer),
}

/// `GET /api/audit/keys`: the same for everybody who has signed in.
pub async fn keys(app: Data<App>, query: Query<Nothing>) -> Answered {
    query.caller.must(Permission::Open)?;
    let keys = app.sealing.published_keys();
    let items = keys.iter().map(|key| {
        let mut item = json!({"verifierKey": key.verifier_key.to_string(), "from": key.from});
        if let (Some(fields), Some(rotation)) = (item.as_object_mut(), &key.rotation) {
            fields.insert("rotation".to_owned(), json!(rotation));
        }
        item
    });
    answer(StatusCode::OK, &json!({ "items": items.collect::<Vec<_>>() }))
}

/// `GET /api/audit/checkpoint`: with `Accept: text/plain` the bare note, to be kept in a file.
pub async fn checkpoint(app: Data<App>, request: HttpRequest, query: Query<Nothing>) -> Answered {
    let tenant = query.caller.audited_stream()?;
    let sealed = match app.sealing.latest(tenant).await.map_err(CommandError::from)? {
        Some(latest) => latest,
        None => app.sealing.seal(tenant).await.map_err(CommandError::from)?,
    };
    let note = sealed.note.to_string();
    let accepts = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if accepts.is_some_and(|accept| accept.starts_with("text/plain")) {
        return Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(note));
    }
    let checkpoint = sealed.checkpoint;
    answer(
        StatusCode::OK,
        &json!({
            "origin": checkpoint.origin().to_string(),
            "size": checkpoint.size(),
            "root": checkpoint.root().to_string(),
            "sealedAt": checkpoint.sealed_at().map(|instant| instant.to_string()),
            "note": note,
        }),
    )
}

/// `GET /api/audit/proof`.
pub async fn proof(app: Data<App>, query: Query<ProofQuery>) -> Answered {
    let tenant = query.caller.audited_stream()?;
    match query.parameters {
        ProofQuery { position: Some(position), from: None, to: None } => {
            let shown = app.sealing.prove_inclusion(tenant, Position::new(position)).await;
            let shown = shown.map_err(|refusal| refused("/position", refusal))?;
            // The proof shows the record: that is a reading of it.
            let (before, at) = (Position::new(position.saturating_sub(1)), Position::new(position));
            let part = StreamPart { after: Some(before), until: Some(at), ..StreamPart::default() };
            let look = AuditEvent::Read(StreamRead { part });
            app.commands.record_look(&query.context(), look).await?;
            let leaf_hash = leaf_hash(&shown.record).to_string();
            let record = String::from_utf8(shown.record).map_err(|error| Problem::failed(&error))?;
            let record = RawValue::from_string(record).map_err(|error| Problem::failed(&error))?;
            let (index, size, path) = (shown.proof.index, shown.proof.size, texts(&shown.proof.path));
            let checkpoint = shown.checkpoint.to_string();
            answer(
                StatusCode::OK,
                &ProofAnswer::Inclusion(InclusionAnswer { record, leaf_hash, index, size, path, checkpoint }),
            )
        }
        ProofQuery { position: None, from: Some(from), to: Some(to) } => {
            let shown = app.sealing.prove_consistency(tenant, from, to).await;
            let shown = shown.map_err(|refusal| refused("/to", refusal))?;
            let (from_root, to_root) = (shown.from_root.to_string(), shown.to_root.to_string());
            let (path, checkpoint) = (texts(&shown.proof.path), shown.checkpoint.to_string());
            answer(
                StatusCode::OK,
                &ProofAnswer::Consistency(ConsistencyAnswer {
                    from,
                    to,
                    from_root,
                    to_root,
                    path,
                    checkpoint,
                }),
            )
        }
        ProofQuery { .. } => Err(Problem::invalid_at("", "give `position`, or `from` and `to`")),
    }
}

fn refused(pointer: &str, refusal: ProofRefusal) -> Problem {
    match refusal {
        ProofRefusal::Outside { .. } => Problem::invalid_at(pointer, refusal.to_string()),
        ProofRefusal::Failed(error) => CommandError::from(error).into(),
    }
}

fn texts(path: &[Hash]) -> Vec<String> {
    path.iter().map(ToString::to_string).collect()
}
