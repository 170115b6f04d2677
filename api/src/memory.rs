//! The institutional memory: `/api/institutional-memory`, facts with their sources and documents, searched by words.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, http::header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use draxis_commands::memory::NewDocument;
use draxis_commands::{Context, Permission};
use draxis_domain::memory::{MediaType, NewFact};
use draxis_domain::{DocumentId, FactKey, FactValue, Name};
use draxis_projections::{PageOf, Words};
use draxis_runner::document_text;
use serde::Deserialize;
use serde_json::json as object;
use sha2::{Digest as _, Sha256};

use crate::answer::{Answered, committed, json};
use crate::app::App;
use crate::body;
use crate::outcome::ReasonBody;
use crate::page::Listing;
use crate::path::Id;
use crate::problem::Problem;
use crate::request::{Command, Nothing, Query, Upload, parameters};

/// The largest document that can be handed in as it is.
const LARGEST: usize = 8 << 20;
/// How much a search finds.
const FOUND: usize = 20;

/// The body of `POST /api/institutional-memory`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactBody {
    /// What it is filed under.
    key: FactKey,
    /// What it says.
    value: FactValue,
    /// Where it comes from; "entered by hand" where it is left out.
    #[serde(default)]
    source: Option<Name>,
}

/// The body of `PUT /api/institutional-memory/facts/{key}`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactValueBody {
    /// What it says.
    value: FactValue,
    /// Where it comes from; "entered by hand" where it is left out.
    #[serde(default)]
    source: Option<Name>,
}

/// The body of `POST /api/institutional-memory/documents`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DocumentBody {
    /// What people call it.
    title: Name,
    /// What it is.
    media_type: MediaType,
    /// Its text, for text and Markdown.
    #[serde(default)]
    text: Option<String>,
    /// Its bytes in base64, for any of the types.
    #[serde(default)]
    content: Option<String>,
}

/// What to search for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Search {
    q: Option<String>,
}

/// What a document that is handed in as it is is called.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Called {
    title: Name,
}

/// `GET /api/institutional-memory`: what is remembered, or what has to do with some words.
pub async fn look(app: Data<App>, query: Query<Search>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    if let Some(words) = query.parameters.q.as_deref().map(str::trim).filter(|words| !words.is_empty()) {
        if words.len() > 1_000 {
            return Err(Problem::invalid_at("/q", "must have at most 1000 characters"));
        }
        let found =
            app.read_models.search_memory(tenant, query.at_least, Words::Searched(words), FOUND).await?;
        return json(StatusCode::OK, &found);
    }
    let page = PageOf { cursor: None, limit: PageOf::MOST };
    let facts = app.read_models.list_facts(tenant, query.at_least, &page).await?;
    let documents = app.read_models.list_documents(tenant, query.at_least, &page).await?;
    json(StatusCode::OK, &object!({ "facts": facts.items, "documents": documents.items }))
}

/// `POST /api/institutional-memory`.
pub async fn remember(app: Data<App>, command: Command<FactBody>) -> Answered {
    let FactBody { key, value, source } = command.body;
    set(&app, &command.context, (key, value, source), 201).await
}

/// `PUT /api/institutional-memory/facts/{key}`.
pub async fn set_fact(app: Data<App>, key: Path<String>, command: Command<FactValueBody>) -> Answered {
    let key = FactKey::parse(&key).map_err(|error| Problem::invalid_at("/key", error.to_string()))?;
    let FactValueBody { value, source } = command.body;
    set(&app, &command.context, (key, value, source), 200).await
}

async fn set(
    app: &App,
    context: &Context,
    (key, value, source): (FactKey, FactValue, Option<Name>),
    status: u16,
) -> Answered {
    let source = match source {
        Some(source) => source,
        None => Name::parse("entered by hand").map_err(|error| Problem::failed(&error))?,
    };
    let mut done = app.commands.set_facts(context, vec![NewFact { key, value, source }]).await?;
    done.answer.status = status;
    Ok(committed(done))
}

/// `GET /api/institutional-memory/facts`.
pub async fn facts(app: Data<App>, query: Listing<Nothing>) -> Answered {
    json(StatusCode::OK, &app.read_models.list_facts(query.tenant()?, query.at_least, &query.page).await?)
}

/// `GET /api/institutional-memory/facts/{key}`.
pub async fn fact(app: Data<App>, key: Path<String>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let key = FactKey::parse(&key).map_err(|_| Problem::not_found("fact"))?;
    let fact = app.read_models.find_fact(tenant, &key, query.at_least).await?;
    json(StatusCode::OK, &fact.ok_or_else(|| Problem::not_found("fact"))?)
}

/// `DELETE /api/institutional-memory/facts/{key}`.
pub async fn forget_fact(app: Data<App>, key: Path<String>, command: Command<ReasonBody>) -> Answered {
    let key = FactKey::parse(&key).map_err(|_| Problem::not_found("fact"))?;
    let context = command.context.because(command.body.reason);
    Ok(committed(app.commands.remove_fact(&context, key).await?))
}

/// `POST /api/institutional-memory/documents`.
pub async fn add_document(app: Data<App>, command: Command<DocumentBody>) -> Answered {
    command.context.caller.must(Permission::ManageMemory)?;
    let DocumentBody { title, media_type, text, content } = command.body;
    let bytes = match (text, content) {
        (Some(text), None) if media_type != MediaType::Pdf => text.into_bytes(),
        (None, Some(content)) => STANDARD
            .decode(content.as_bytes())
            .map_err(|_| Problem::invalid_at("/content", "must be base64"))?,
        (Some(_), None) => return Err(Problem::invalid_at("/content", "a PDF comes as its bytes in base64")),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Problem::invalid_at("/text", "send either text or content"));
        }
    };
    keep(&app, &command.context, (title, media_type), bytes).await
}

/// `POST /api/institutional-memory/documents/upload`: the body is the document.
pub async fn upload_document(app: Data<App>, request: HttpRequest, upload: Upload) -> Answered {
    let Upload { context, mut payload } = upload;
    context.caller.must(Permission::ManageMemory)?;
    let Called { title } = parameters(request.query_string())?;
    let named = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = MediaType::parse(named.unwrap_or_default())
        .map_err(|_| Problem::wrong_media_type("text/plain, text/markdown or application/pdf"))?;
    let bytes = body::read(&request, &mut payload, LARGEST).await?;
    keep(&app, &context, (title, media_type), bytes.into()).await
}

async fn keep(
    app: &App,
    context: &Context,
    (title, media_type): (Name, MediaType),
    bytes: Vec<u8>,
) -> Answered {
    let sha256 = Sha256::digest(&bytes).into();
    let text = document_text::text_of(media_type, bytes).await.map_err(|error| {
        let pointer = if media_type == MediaType::Pdf { "/content" } else { "/text" };
        Problem::invalid_at(pointer, error.to_string())
    })?;
    let document = NewDocument { title, media_type, sha256, text };
    Ok(committed(app.commands.add_document(context, document).await?))
}

/// `GET /api/institutional-memory/documents`.
pub async fn documents(app: Data<App>, query: Listing<Nothing>) -> Answered {
    json(StatusCode::OK, &app.read_models.list_documents(query.tenant()?, query.at_least, &query.page).await?)
}

/// `GET /api/institutional-memory/documents/{id}`: with its text.
pub async fn document(app: Data<App>, id: Path<Id<DocumentId>>, query: Query<Nothing>) -> Answered {
    let tenant = query.tenant(Permission::Read)?;
    let found = app.read_models.find_document(tenant, id.get("document")?, query.at_least).await?;
    let (document, text) = found.ok_or_else(|| Problem::not_found("document"))?;
    let mut shown = object!(document);
    if let Some(shown) = shown.as_object_mut() {
        shown.insert("text".to_owned(), text.into());
    }
    json(StatusCode::OK, &shown)
}

/// `DELETE /api/institutional-memory/documents/{id}`.
pub async fn forget_document(
    app: Data<App>,
    id: Path<Id<DocumentId>>,
    command: Command<ReasonBody>,
) -> Answered {
    let id = id.get("document")?;
    let context = command.context.because(command.body.reason);
    Ok(committed(app.commands.remove_document(&context, id).await?))
}
