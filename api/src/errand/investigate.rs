//! `draxis investigate`: a case file, to a file or to standard output.

use std::io::{self, Write as _};

use draxis_domain::audit::StreamPart;

use super::export::must_be_new;
use super::{ErrandError, at_the_terminal, stream_named, stretch};
use crate::app::App;
use crate::case_file::{Question, compile};
use crate::config::{Chosen, InvestigateCommand};

/// Writes the document.
pub async fn run(
    app: &App,
    asked: &InvestigateCommand,
    say: &mut dyn FnMut(&str),
) -> Result<(), ErrandError> {
    let tenant = stream_named(app, &asked.tenant).await?;
    must_be_new(asked.out.as_deref())?;
    let (after, until) = stretch(app, tenant, asked.from, asked.to).await?;
    let (aggregate_type, aggregate_id) = thing(asked.thing.as_deref())?;
    let Chosen { since, before, event_type, actor, correlation } = asked.chosen.clone();
    let part = StreamPart {
        after: Some(after),
        until: Some(until),
        from: since,
        to: before,
        aggregate_type,
        aggregate_id,
        event_type,
        actor,
        correlation,
    };
    let question = Question { tenant, words: asked.question.clone(), part, limit: asked.limit };
    let document = compile(app, &at_the_terminal(tenant, "draxis investigate"), &question).await;
    let document = document.map_err(|problem| ErrandError::Refused(problem.to_string()))?;
    let Some(path) = &asked.out else { return Ok(io::stdout().lock().write_all(document.as_bytes())?) };
    let failed = |source| ErrandError::File { path: path.clone(), source };
    std::fs::write(path, &document).map_err(failed)?;
    say(&format!(
        "The case file is {}: {} bytes, to be opened in any browser",
        path.display(),
        document.len()
    ));
    Ok(())
}

/// A kind of thing, or one thing.
fn thing(named: Option<&str>) -> Result<(Option<String>, Option<String>), ErrandError> {
    let Some(named) = named else { return Ok((None, None)) };
    match named.split_once('/') {
        None if !named.is_empty() => Ok((Some(named.to_owned()), None)),
        Some((kind, id)) if !kind.is_empty() && !id.is_empty() => {
            Ok((Some(kind.to_owned()), Some(id.to_owned())))
        }
        Some(_) | None => Err(ErrandError::Thing(named.to_owned())),
    }
}
