//! `GET /api/documents/{hash}`: a document that a run has written, by the hash of its bytes.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use draxis_commands::Permission;

use crate::answer::Answered;
use crate::app::App;
use crate::problem::Problem;
use crate::request::{Nothing, Query};

/// `GET /api/documents/{hash}`. What tenants and vendors have written is saved and not shown: a browser runs none of it.
pub async fn fetch(app: Data<App>, hash: Path<String>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let document = app.commands.find_document(tenant, &hash).await?;
    let document = document.ok_or_else(|| Problem::not_found("document"))?;
    let name: String =
        document.name.chars().map(|c| if c.is_ascii() && c != '"' { c } else { '-' }).collect();
    Ok(HttpResponse::Ok()
        .content_type(document.media_type)
        .insert_header((header::ETAG, format!("\"{}\"", document.hash)))
        .insert_header((header::CACHE_CONTROL, "private, max-age=31536000, immutable"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; style-src 'unsafe-inline'",
        ))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(document.bytes))
}
