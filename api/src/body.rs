//! Bodies: JSON read once, within bounds, every misfit with a pointer to its place (hazards A4).

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut, Payload};
use draxis_domain::Violation;
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use crate::problem::Problem;

/// The largest body of a command.
pub const LIMIT: usize = 1 << 20;
/// How deep JSON may nest.
const DEPTH: usize = 32;

/// Reads the whole body, or refuses it as soon as it is larger than it may be.
pub async fn read(request: &HttpRequest, payload: &mut Payload, limit: usize) -> Result<Bytes, Problem> {
    must_fit(request, limit)?;
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk =
            chunk.map_err(|_| Problem::malformed("broken_body", "the body broke off before its end"))?;
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(Problem::too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Refuses a body that is announced to be larger than it may be.
pub fn must_fit(request: &HttpRequest, limit: usize) -> Result<(), Problem> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let announced = announced.and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) { Err(Problem::too_large(limit)) } else { Ok(()) }
}

/// Understands a JSON body. An empty one is read as an empty object, for commands that need none.
pub fn parse<T: DeserializeOwned>(request: &HttpRequest, body: &[u8]) -> Result<T, Problem> {
    if !body.is_empty() && !is_json(request) {
        return Err(Problem::not_json());
    }
    let body = if body.is_empty() { b"{}" } else { body };
    refuse_depth(body)?;
    // An array would be read field by field where a struct is wanted, and `[]` as one that asks for nothing.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::invalid_at("", "must be a JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| misfit(&error))?;
    json.end()
        .map_err(|_| Problem::malformed("not_json", "there is more behind the end of the JSON body"))?;
    Ok(parsed)
}

fn is_json(request: &HttpRequest) -> bool {
    let media_type =
        request.headers().get(header::CONTENT_TYPE).and_then(|media_type| media_type.to_str().ok());
    let essence = media_type.and_then(|media_type| media_type.split(';').next()).unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json")
}

fn misfit(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    if inner.is_syntax() || inner.is_eof() {
        return Problem::malformed("not_json", format!("the body is not JSON: {inner}"));
    }
    // serde_json closes its sentences with a place in the text; the pointer says it better.
    let text = inner.to_string();
    let detail = text.rsplit_once(" at line ").map_or(text.as_str(), |(sentence, _)| sentence).to_owned();
    let pointer = pointer(error.path(), &detail);
    Problem::invalid("invalid", vec![Violation { pointer, detail }])
}

/// RFC 6901. A missing or unknown field is named by serde in its sentence only.
fn pointer(path: &Path, detail: &str) -> String {
    let mut pointer: String = path
        .iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key: token } | Segment::Enum { variant: token } => format!("/{}", escape(token)),
            Segment::Unknown => String::new(),
        })
        .collect();
    if let Some(field) = named_field(detail) {
        let token = format!("/{}", escape(field));
        if !pointer.ends_with(&token) {
            pointer.push_str(&token);
        }
    }
    pointer
}

/// The field that serde's sentence is about, where it names one.
pub(crate) fn named_field(detail: &str) -> Option<&str> {
    let rest =
        ["missing field `", "unknown field `"].iter().find_map(|opening| detail.strip_prefix(opening))?;
    rest.split_once('`').map(|(field, _)| field)
}

fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

fn refuse_depth(body: &[u8]) -> Result<(), Problem> {
    let (mut depth, mut text, mut escaped) = (0_usize, false, false);
    for byte in body {
        match (text, byte) {
            (true, b'\\') if !escaped => {
                escaped = true;
                continue;
            }
            (true, b'"') if !escaped => text = false,
            (false, b'"') => text = true,
            (false, b'{' | b'[') => depth = depth.saturating_add(1),
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (true | false, _) => {}
        }
        escaped = false;
        if depth > DEPTH {
            return Err(Problem::malformed("too_deep", format!("JSON may nest at most {DEPTH} deep")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::parse;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only its reading is tested")]
        items: Vec<u8>,
    }

    fn refusal(body: &str) -> Value {
        let request =
            TestRequest::default().insert_header(("content-type", "application/json")).to_http_request();
        json!(parse::<Sample>(&request, body.as_bytes()).unwrap_err())
    }

    #[test]
    fn every_misfit_has_a_pointer() {
        for (body, pointer) in [
            (r#"{"items":[1,"x"]}"#, "/items/1"),
            (r#"{"items":[300]}"#, "/items/0"),
            (r"{}", "/items"),
            (r#"{"items":[],"a/b":1}"#, "/a~1b"),
        ] {
            assert_eq!(refusal(body)["errors"][0]["pointer"], pointer, "{body}");
        }
    }

    #[test]
    fn what_is_not_json_is_a_bad_request() {
        for body in ["{", "{]", "nonsense", "{\"items\":[]} x"] {
            assert_eq!(refusal(body)["status"], 400, "{body}");
        }
    }

    #[test]
    fn nesting_is_bounded_and_brackets_in_texts_do_not_count() {
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        assert_eq!(refusal(&deep)["type"], "urn:draxis:problem:too_deep");
        let text = format!(r#"{{"items":"{}\"[["}}"#, "[".repeat(40));
        assert_eq!(refusal(&text)["status"], 422);
    }
}
