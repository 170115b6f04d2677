//! `draxis verify`: every stream against itself, its checkpoints, those kept outside, and its read models. That somebody had it
//! verified is recorded in each stream that holds; where something does not, nothing is written.

use std::io::{self, Write as _};
use std::path::Path;

use draxis_commands::sealing::{Fault, HeldNote, Verification};
use draxis_domain::TenantId;
use draxis_domain::audit::{AuditEvent, BundleVerified, Judgement};
use draxis_projections::Verified;
use draxis_proof::checkpoint::{Checkpoint, KeyRing, Note, VerifierKey};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::{ErrandError, at_the_terminal, stream_named, words_for};
use crate::app::App;
use crate::config::VerifyCommand;

/// Verifies what was asked for and prints a line a stream; answers whether everything holds.
pub async fn run(app: &App, asked: &VerifyCommand, say: &mut dyn FnMut(&str)) -> Result<bool, ErrandError> {
    let held = held_notes(&asked.checkpoints)?;
    let trusted = trusted_keys(asked.key.as_deref())?;
    let streams = streams(app, asked, &held).await?;
    let mut all_hold = true;
    for tenant in &streams {
        let bar = ProgressBar::new(0).with_message(words_for(*tenant));
        let shown = app.sealing.verify(*tenant, &held, &trusted, |done, of| {
            bar.set_length(of);
            bar.set_position(done);
        });
        let shown = shown.await?;
        bar.finish_and_clear();
        let compare = asked.projections && shown.holds();
        let models = if compare { app.read_models.verify(*tenant).await? } else { Vec::new() };
        let holds = shown.holds() && models.iter().all(|model| model.difference.is_none());
        all_hold &= holds;
        print(asked, &shown, &models)?;
        // What does not hold is left as it is found.
        if holds {
            let look = AuditEvent::Verified(BundleVerified {
                origin: Some(app.sealing.origin(*tenant).to_string()),
                integrity: Judgement::Holds,
                completeness: Judgement::Holds,
            });
            app.commands.record_look(&at_the_terminal(*tenant, "draxis verify"), look).await?;
        }
    }
    if !all_hold {
        say("Something was changed behind the program's back: keep this database as it is and investigate");
    }
    Ok(all_hold)
}

/// The streams to look at: those asked for, or all there are and all that a checkpoint from outside speaks of.
async fn streams(app: &App, asked: &VerifyCommand, held: &[HeldNote]) -> Result<Vec<TenantId>, ErrandError> {
    if let Some(name) = &asked.tenant {
        return Ok(vec![stream_named(app, name).await?]);
    }
    let mut streams: Vec<TenantId> =
        app.sealing.streams().await?.into_iter().map(|(tenant, _)| tenant).collect();
    streams.extend(held.iter().filter_map(|held| {
        let checkpoint = Checkpoint::parse(Note::parse(&held.note).ok()?.text()).ok()?;
        Some(TenantId::new(checkpoint.origin().stream().bits().into()))
    }));
    streams.sort_unstable();
    streams.dedup();
    Ok(streams)
}

fn held_notes(directories: &[std::path::PathBuf]) -> Result<Vec<HeldNote>, ErrandError> {
    let mut held = Vec::new();
    for path in directories {
        let notes = HeldNote::read_all(path);
        held.extend(notes.map_err(|source| ErrandError::File { path: path.clone(), source })?);
    }
    Ok(held)
}

fn trusted_keys(path: Option<&Path>) -> Result<Vec<VerifierKey>, ErrandError> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|source| ErrandError::File { path: path.to_path_buf(), source })?;
    let ring = KeyRing::parse(&text);
    let ring = ring.map_err(|source| ErrandError::Keys { path: path.to_path_buf(), source })?;
    Ok(ring.keys().to_vec())
}

fn print(asked: &VerifyCommand, shown: &Verification, models: &[Verified]) -> Result<(), ErrandError> {
    let mut out = io::stdout().lock();
    if asked.json {
        writeln!(out, "{}", as_json(shown, models))?;
        return Ok(());
    }
    let Verification { tenant, events, checkpoints, held, fault } = shown;
    let name = words_for(*tenant);
    match fault {
        None => {
            writeln!(out, "{name}: holds. {events} events, {checkpoints} checkpoints, {held} held outside")?;
        }
        Some(fault) => {
            writeln!(out, "{name}: DOES NOT HOLD. {}: {}", fault.code(), chain(fault))?;
        }
    }
    for model in models {
        match &model.difference {
            None => writeln!(out, "  {}: {} rows as the log gives them", model.projection, model.rows)?,
            Some(difference) => writeln!(
                out,
                "  {}: row {} DIFFERS. The log gives {}, stored is {}",
                model.projection,
                difference.key,
                difference.folded.as_deref().unwrap_or("none"),
                difference.stored.as_deref().unwrap_or("none")
            )?,
        }
    }
    Ok(())
}

fn as_json(shown: &Verification, models: &[Verified]) -> Value {
    let fault = shown
        .fault
        .as_ref()
        .map(|fault| json!({"code": fault.code(), "position": fault.position(), "detail": chain(fault)}));
    json!({
        "tenantId": shown.tenant,
        "holds": shown.holds() && models.iter().all(|model| model.difference.is_none()),
        "events": shown.events,
        "checkpoints": shown.checkpoints,
        "held": shown.held,
        "fault": fault,
        "projections": models,
    })
}

/// A fault and its causes in one line.
fn chain(fault: &Fault) -> String {
    let fault: &dyn std::error::Error = fault;
    let causes = std::iter::successors(fault.source(), |cause| cause.source());
    causes.fold(fault.to_string(), |words, cause| format!("{words}: {cause}"))
}
