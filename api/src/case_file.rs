//! A case file: everything that a question to a stream is answered with, as one HTML document that stands alone.
//!
//! The events that were asked for, what each came from and what came of it, what they changed, the proof that each is sealed,
//! and a bundle of them within the document, so that somebody who has nothing but this file and the log's public key from
//! elsewhere can judge it. Bounded: a question with more events than fit is answered from its beginning and says so.

mod content;
mod html;
mod page;

use std::collections::BTreeSet;

use draxis_commands::sealing::{ExportFormat, ExportRequest, Selection};
use draxis_commands::{CommandError, Context};
use draxis_domain::audit::{AuditEvent, StreamExported, StreamPart};
use draxis_domain::{Metadata, Position, TenantId};
use draxis_event_store::{EventFilter, StoredEvent, TenantTx, head, read_events};
use draxis_projections::{Going, Step};

use crate::app::App;
use crate::case_file::content::{CaseFile, Proved, Sealed};
use crate::person::Names;
use crate::problem::Problem;

/// The name of this form in the event that records it.
pub const FORM: &str = "case_file";
/// So many events fit into a case file.
pub const MOST: u32 = 200;
/// So many events may lie between the first and the last of them for what changed to be told.
const DIFFERENCE: u64 = 100_000;

/// What somebody wants to know.
#[derive(Debug, Clone)]
pub struct Question {
    /// Of whose stream.
    pub tenant: TenantId,
    /// In their words.
    pub words: Option<String>,
    /// Which events bear on it.
    pub part: StreamPart,
    /// How many of them at most.
    pub limit: u32,
}

/// Answers a question, and records who asked before anything is read.
pub async fn compile(app: &App, context: &Context, question: &Question) -> Result<String, Problem> {
    let pool = &app.commands.pools().app;
    let end = head(pool, question.tenant).await.map_err(CommandError::from)?;
    let look = StreamExported { format: FORM.to_owned(), part: question.part.clone() };
    app.commands.record_look(context, AuditEvent::Exported(look)).await?;
    let until = question.part.until.map_or(end, |until| until.min(end));
    let filter = EventFilter { until: Some(until), ..filter(&question.part) };
    let after = question.part.after.unwrap_or_default();
    let mut transaction = TenantTx::begin(pool, question.tenant).await.map_err(CommandError::from)?;
    let limit = question.limit.clamp(1, MOST);
    let read = read_events(&mut transaction, after, &filter, limit.saturating_add(1)).await;
    drop(transaction);
    let mut events = read.map_err(CommandError::from)?;
    let more = events.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut file = CaseFile::new(question, app.commands.clock().now(), events, more);
    file.names = Some(Names::of(app, file.actors()).await?);
    explain(app, &mut file).await?;
    tell_changes(app, &mut file).await?;
    prove(app, &mut file, after, filter).await?;
    Ok(page::of(&file))
}

/// The part in the store's own terms.
pub fn filter(part: &StreamPart) -> EventFilter {
    EventFilter {
        until: part.until,
        from_time: part.from,
        to_time: part.to,
        aggregate_type: part.aggregate_type.clone(),
        aggregate_id: part.aggregate_id.clone(),
        event_type: part.event_type.clone(),
        actor: part.actor.clone(),
        correlation: part.correlation.clone(),
    }
}

async fn explain(app: &App, file: &mut CaseFile) -> Result<(), Problem> {
    for event in &file.events {
        let Ok(id) = event.event_id.parse() else { continue };
        if let Some(explained) = app.read_models.explain_event(file.tenant, id).await? {
            file.explained.insert(event.position, explained);
        }
    }
    Ok(())
}

async fn tell_changes(app: &App, file: &mut CaseFile) -> Result<(), Problem> {
    let (Some(first), Some(last)) = (file.events.first(), file.events.last()) else { return Ok(()) };
    let before = Position::new(first.position.get().saturating_sub(1));
    if last.position.get().saturating_sub(before.get()) > DIFFERENCE {
        return Ok(());
    }
    let stretch = (before, last.position);
    let mut difference = app.read_models.difference(file.tenant, stretch.0, stretch.1).await?;
    let named = |event: &StoredEvent| format!("{}/{}", event.aggregate_type, event.aggregate_id);
    difference.things.retain(|changed| file.events.iter().any(|event| named(event) == changed.thing));
    file.difference = Some(difference);
    let wanted: BTreeSet<Position> = file.events.iter().map(|event| event.position).collect();
    let changes = &mut file.changes;
    let keep = |step: Step| {
        if wanted.contains(&step.event.position) {
            changes.insert(step.event.position, step.changes);
        }
        Going::On
    };
    app.read_models.walk(file.tenant, stretch, keep).await?;
    Ok(())
}

async fn prove(app: &App, file: &mut CaseFile, after: Position, filter: EventFilter) -> Result<(), Problem> {
    let Some(last) = file.events.last().map(|event| event.position) else { return Ok(()) };
    let sealed = app.sealing.seal(file.tenant).await.map_err(CommandError::from)?;
    let keys = app.sealing.published_keys().into_iter().map(|key| (key.verifier_key.to_string(), key.from));
    for event in &file.events {
        let shown = app.sealing.prove_inclusion(file.tenant, event.position).await;
        let shown = shown.map_err(|refusal| Problem::failed(&refusal))?;
        file.proofs.insert(event.position, Proved::of(shown)?);
    }
    let selection = Selection { after, filter: EventFilter { until: Some(last), ..filter } };
    let request = ExportRequest { tenant: file.tenant, selection, format: ExportFormat::Bundle };
    let mut export = app.sealing.export(request).await.map_err(CommandError::from)?;
    let mut bundle = Vec::new();
    while let Some(chunk) = export.next().await.map_err(CommandError::from)? {
        bundle.extend(chunk);
    }
    file.sealed = Some(Sealed { note: sealed.note.to_string(), keys: keys.collect(), bundle });
    Ok(())
}

/// Who, why and because of what, as an event says it.
fn metadata_of(event: &StoredEvent) -> Option<Metadata> {
    serde_json::from_str(&event.metadata).ok()
}
