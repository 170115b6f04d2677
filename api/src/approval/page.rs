//! The page that letters link to. It is the same for every approval and for none, so that opening it, by a person or by a robot
//! that looks ahead, decides nothing, uses nothing up and tells nothing (hazards H10); what is on it stands there once somebody
//! has signed in.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
const BODY: &str = include_str!("page/page.html");

static PAGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"robots\" content=\"noindex,nofollow\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>A decision is asked of you</title>\
         <style>{STYLE}</style></head><body>{BODY}<script>{SCRIPT}</script></body></html>"
    )
});

/// Nothing but this very script and style, and requests to us.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; form-action 'none'; \
         base-uri 'none'; frame-ancestors 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
});

/// `GET /approvals/{approvalId}`.
pub async fn open() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header(("x-robots-tag", "noindex, nofollow, noarchive"))
        .content_type("text/html; charset=utf-8")
        .body(PAGE.as_str())
}

#[cfg(test)]
mod tests {
    use super::{BODY, SCRIPT};

    #[test]
    fn nothing_on_the_page_is_run_but_its_script_and_nothing_that_people_wrote_becomes_markup() {
        assert!(
            !BODY.split_whitespace().any(|word| word.starts_with("on") && word.contains('=')),
            "handlers"
        );
        for risky in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "localStorage"]
        {
            assert!(!SCRIPT.contains(risky), "{risky}");
        }
    }
}
