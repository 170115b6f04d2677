//! `draxis replay`: a stream event by event, who did it, why, and what it changed.

use std::io::{self, BufRead as _, Write};

use draxis_domain::Metadata;
use draxis_domain::audit::{AuditEvent, ReplayView, StreamReplayed};
use draxis_projections::{Going, Step};

use super::{ErrandError, at_the_terminal, stream_named, stretch};
use crate::app::App;
use crate::config::ReplayCommand;

/// Walks from the first position asked for to the last.
pub async fn run(app: &App, asked: &ReplayCommand) -> Result<(), ErrandError> {
    let tenant = stream_named(app, &asked.tenant).await?;
    let (after, until) = stretch(app, tenant, Some(asked.from), asked.to).await?;
    let look = StreamReplayed {
        view: ReplayView::Walk,
        as_of: None,
        from: Some(after.next()),
        to: Some(until),
        model: None,
        event: None,
    };
    app.commands.record_look(&at_the_terminal(tenant, "draxis replay"), AuditEvent::Replayed(look)).await?;
    let mut failed = None;
    let show = |step: Step| match show(&step, asked) {
        Ok(going) => going,
        Err(error) => {
            failed = Some(error);
            Going::NoFurther
        }
    };
    app.read_models.walk(tenant, (after, until), show).await?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}

fn show(step: &Step, asked: &ReplayCommand) -> io::Result<Going> {
    let mut out = io::stdout().lock();
    print(&mut out, step)?;
    out.flush()?;
    if !asked.step {
        return Ok(Going::On);
    }
    let mut line = String::new();
    let ended = io::stdin().lock().read_line(&mut line)? == 0;
    Ok(if ended || line.trim() == "q" { Going::NoFurther } else { Going::On })
}

fn print(out: &mut impl Write, step: &Step) -> io::Result<()> {
    let event = &step.event;
    let at = event.recorded_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    writeln!(out, "#{} {at} {} ({})", event.position, event.event_type, event.event_id)?;
    match serde_json::from_str::<Metadata>(&event.metadata) {
        Ok(metadata) => print_origin(out, &metadata)?,
        Err(_) => writeln!(out, "    {}", event.metadata)?,
    }
    writeln!(out, "    {} {}: {}", event.aggregate_type, event.aggregate_id, event.payload)?;
    for change in &step.changes {
        for words in &change.words {
            writeln!(out, "    {}: {words}", change.thing)?;
        }
    }
    Ok(())
}

fn print_origin(out: &mut impl Write, metadata: &Metadata) -> io::Result<()> {
    write!(out, "    by {}", metadata.actor)?;
    if let Some(person) = metadata.impersonator {
        let same = metadata.actor.account() == Some(person);
        let who = if same { String::new() } else { format!("account {person} ") };
        write!(out, ", {who}acting from outside the tenant")?;
    }
    if let Some(cause) = metadata.causation {
        write!(out, ", caused by {cause}")?;
    }
    if let Some(run) = &metadata.correlation {
        write!(out, ", within {run}")?;
    }
    if let Some(reason) = &metadata.reason {
        write!(out, ", because: {}", reason.as_str())?;
    }
    writeln!(out)
}
