//! `draxis export`: a stream, or a part of it, to a file or to standard output.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use draxis_commands::sealing::{Export, ExportRequest, Selection};
use draxis_domain::audit::{AuditEvent, StreamExported, StreamPart};

use super::{ErrandError, at_the_terminal, stream_named, stretch, words_for};
use crate::app::App;
use crate::case_file::filter;
use crate::config::{Chosen, ExportCommand};

/// Writes the export. A file is there whole or not at all; standard output breaks off with an error.
pub async fn run(app: &App, asked: &ExportCommand, say: &mut dyn FnMut(&str)) -> Result<(), ErrandError> {
    let tenant = stream_named(app, &asked.tenant).await?;
    must_be_new(asked.out.as_deref())?;
    let (after, until) = stretch(app, tenant, asked.from, asked.to).await?;
    let Chosen { since, before, event_type, actor, correlation } = asked.chosen.clone();
    let part = StreamPart {
        after: Some(after),
        until: asked.to.map(|_| until),
        from: since,
        to: before,
        aggregate_type: asked.aggregate_type.clone(),
        aggregate_id: asked.aggregate_id.clone(),
        event_type,
        actor,
        correlation,
    };
    let filter = filter(&part);
    let look = AuditEvent::Exported(StreamExported { format: asked.format.name().to_owned(), part });
    app.commands.record_look(&at_the_terminal(tenant, "draxis export"), look).await?;
    let request = ExportRequest { tenant, selection: Selection { after, filter }, format: asked.format };
    let mut export = app.sealing.export(request).await?;
    let bytes = match &asked.out {
        Some(path) => to_file(&mut export, path).await?,
        None => drain(&mut export, &mut io::stdout().lock()).await?,
    };
    say(&format!("Exported {} up to position {}: {bytes} bytes", words_for(tenant), export.until()));
    Ok(())
}

/// A file that is there is never written over, and nothing is recorded as read before that is known.
pub(super) fn must_be_new(path: Option<&Path>) -> Result<(), ErrandError> {
    match path {
        Some(path) if path.exists() => Err(ErrandError::There(path.to_path_buf())),
        Some(_) | None => Ok(()),
    }
}

async fn to_file(export: &mut Export, path: &Path) -> Result<u64, ErrandError> {
    let failed = |source| ErrandError::File { path: path.to_path_buf(), source };
    let unfinished = PathBuf::from(format!("{}.part", path.display()));
    let mut file = File::create(&unfinished).map_err(failed)?;
    let bytes = drain(export, &mut file).await.inspect_err(|_| drop(std::fs::remove_file(&unfinished)))?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&unfinished, path).map_err(failed)?;
    Ok(bytes)
}

async fn drain(export: &mut Export, out: &mut (impl Write + ?Sized)) -> Result<u64, ErrandError> {
    let mut bytes = 0_u64;
    while let Some(chunk) = export.next().await? {
        out.write_all(&chunk)?;
        bytes = bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
    }
    out.flush()?;
    Ok(bytes)
}
