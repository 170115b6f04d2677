//! `GET /api/audit/case-file`: a question's events, explanations, differences and proofs as one document.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;

use super::part::PartQuery;
use crate::answer::Answered;
use crate::app::App;
use crate::case_file::{MOST, Question, compile};
use crate::problem::Problem;
use crate::request::Query;

/// No question is longer.
const LONGEST: usize = 500;

/// `GET /api/audit/case-file`.
pub async fn case_file(app: Data<App>, query: Query<PartQuery>) -> Answered {
    let tenant = query.caller.audited_stream()?;
    let part = &query.parameters;
    if part.cursor.is_some() || part.format.is_some() {
        return Err(Problem::invalid_at("", "a case file takes no cursor and no format; go on with `after`"));
    }
    let limit = part.limit.unwrap_or(MOST);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::invalid_at("/limit", format!("must be from 1 to {MOST}")));
    }
    if part.question.as_ref().is_some_and(|words| words.chars().count() > LONGEST) {
        return Err(Problem::invalid_at("/question", format!("must have at most {LONGEST} characters")));
    }
    let question = Question { tenant, words: part.question.clone(), part: part.part()?, limit };
    let document = compile(&app, &query.context(), &question).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"case-file.html\""))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(document))
}
