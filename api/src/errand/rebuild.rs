//! `draxis rebuild`: read models folded anew beside those that serve, which they replace once they are complete.

use std::io::{self, Write as _};

use draxis_domain::{Position, TenantId};
use draxis_event_store::head;
use draxis_projections::{Progress, ReadError, ReadModels};
use indicatif::{ProgressBar, ProgressStyle};

use super::{ErrandError, stream_named, words_for};
use crate::app::App;
use crate::config::RebuildCommand;

/// Builds what was asked for anew, stream by stream, and prints a line for each.
pub async fn run(app: &App, asked: &RebuildCommand, say: &mut dyn FnMut(&str)) -> Result<(), ErrandError> {
    let streams = streams(app, asked).await?;
    let all = streams.iter().map(|(_, head)| head.get()).fold(0, u64::saturating_add);
    let bar = ProgressBar::new(all).with_style(style());
    let mut before = 0_u64;
    for (tenant, head) in streams {
        bar.set_message(words_for(tenant));
        let mut resumed = None;
        let mut show = |progress: Progress| {
            bar.set_position(before.saturating_add(progress.position.get().min(head.get())));
            if resumed.is_none() {
                resumed = Some(progress.position);
                // What another one has folded says nothing of how fast this one is.
                bar.reset_eta();
            }
        };
        let until = app.read_models.rebuild(tenant, asked.projection.as_deref(), &mut show).await?;
        before = before.saturating_add(head.get());
        if let Some(from) = resumed.filter(|from| *from > Position::START) {
            bar.suspend(|| say(&format!("Went on at position {from}, where one before was cut off")));
        }
        bar.suspend(|| print(tenant, until))?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// The streams that have what is asked for, and how long each is.
async fn streams(app: &App, asked: &RebuildCommand) -> Result<Vec<(TenantId, Position)>, ErrandError> {
    let mut streams = match &asked.tenant {
        None => app.sealing.streams().await?,
        Some(name) => {
            let tenant = stream_named(app, name).await?;
            vec![(tenant, head(&app.commands.pools().app, tenant).await?)]
        }
    };
    let Some(name) = &asked.projection else { return Ok(streams) };
    let has = |tenant| ReadModels::projections_of(tenant).contains(&name.as_str());
    let known = |streams: &[(TenantId, Position)]| {
        let mut known: Vec<&str> =
            streams.iter().flat_map(|(tenant, _)| ReadModels::projections_of(*tenant)).collect();
        known.sort_unstable();
        known.dedup();
        known.join(", ")
    };
    let refusal = ReadError::NoSuchProjection { name: name.clone(), known: known(&streams) };
    streams.retain(|(tenant, _)| has(*tenant));
    if streams.is_empty() { Err(refusal.into()) } else { Ok(streams) }
}

/// Events a second and the time that is left, whatever the stream.
fn style() -> ProgressStyle {
    let template = "{msg} {wide_bar} {human_pos} of {human_len} events, {per_sec}, {eta} left";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn print(tenant: TenantId, until: Position) -> io::Result<()> {
    writeln!(io::stdout(), "{}: read models built anew up to position {until}", words_for(tenant))
}
