//! `GET /api/audit/export`: a stream, or a part of it, streamed as one file.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use draxis_commands::CommandError;
use draxis_commands::sealing::{Export, ExportRequest};
use draxis_domain::audit::{AuditEvent, StreamExported};
use futures_util::stream;

use super::part::{PartQuery, selection};
use crate::answer::Answered;
use crate::app::App;
use crate::problem::Problem;
use crate::request::Query;

/// `GET /api/audit/export`. What goes wrong on the way breaks the answer off: half a file never looks like a whole one.
pub async fn export(app: Data<App>, query: Query<PartQuery>) -> Answered {
    let tenant = query.caller.audited_stream()?;
    let PartQuery { cursor, limit, question, .. } = &query.parameters;
    let not_paged = "an export is not paged; go on with `after`";
    for (name, given, detail) in [
        ("cursor", cursor.is_some(), not_paged),
        ("limit", limit.is_some(), not_paged),
        ("question", question.is_some(), "belongs to GET /api/audit/case-file"),
    ] {
        if given {
            return Err(Problem::invalid_at(format!("/{name}"), detail));
        }
    }
    let (part, format) = (query.parameters.part()?, query.parameters.format()?);
    let look = StreamExported { format: format.name().to_owned(), part: part.clone() };
    let recorded = app.commands.record_look(&query.context(), AuditEvent::Exported(look)).await?;
    let request = ExportRequest { tenant, selection: selection(&part), format };
    let export = app.sealing.export(request).await.map_err(CommandError::from)?;
    let name = format!("draxis-{tenant}-{}.{}", export.until(), format.extension());
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .insert_header(("Draxis-Position", recorded.position.get()))
        .streaming(stream::try_unfold(export, next)))
}

async fn next(mut export: Export) -> Result<Option<(Bytes, Export)>, Problem> {
    let chunk = export.next().await.map_err(|error| Problem::failed(&error))?;
    Ok(chunk.map(|chunk| (Bytes::from(chunk), export)))
}
