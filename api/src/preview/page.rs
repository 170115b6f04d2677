//! Pages of a preview for people: the button, what is behind it, and why there is nothing. No script, nothing from elsewhere.

use std::fmt::Write as _;

use super::visit::{Shown, ShownRun};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color:#1b2430}\
    h1{font-size:1.5rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;\
    border-bottom:1px solid #d8dee6}pre{background:#f4f6f9;padding:1rem;overflow:auto}button{font:inherit;padding:.6rem 1.2rem;\
    border:0;border-radius:.4rem;background:#1f5fbf;color:#fff}@media(prefers-color-scheme:dark){body{background:#12171e;\
    color:#e4e9f0}pre{background:#1d252f}td,th{border-color:#2c3744}}";

/// The page before the click. It does not say whether the link still holds anything: that is for the click to find out.
pub(super) fn button() -> String {
    page(
        "A workflow was shared with you",
        "<p>This link shows it once. After that it is used up.</p>\
         <form method=\"post\"><button type=\"submit\">Show it now</button></form>",
    )
}

/// The page of a link that shows nothing.
pub(super) fn refusal(why: &str) -> String {
    page("There is nothing to see here", &format!("<p>{}</p>", escaped(why)))
}

/// The workflow, what was done to it, and where to have it proven.
pub(super) fn workflow(shown: &Shown) -> String {
    let summary = &shown.workflow.summary;
    let state = word(&summary.state);
    let mut body = format!(
        "<p>Version {}, {}, as of position {}.</p>",
        summary.version,
        escaped(&state),
        shown.position
    );
    if let Some(description) = &summary.description {
        body = format!("{body}<p>{}</p>", escaped(description));
    }
    body.push_str("<h2>Definition</h2><pre>");
    body.push_str(&escaped(&serde_json::to_string_pretty(&shown.workflow.definition).unwrap_or_default()));
    body.push_str("</pre><h2>Changes</h2>");
    body.push_str(&changes(shown));
    body.push_str("<h2>Latest runs</h2>");
    body.push_str(&runs(&shown.runs.items));
    body.push_str("<h2>Verify</h2>");
    let verify = format!(
        "<p>The last event shown stands at position {} of the audit trail; its leaf hash is <code>{}</code>. With a token, \
         <code>{}</code> proves that it stands in the signed tree.</p>",
        shown.verify.event_position,
        escaped(&shown.verify.leaf_hash),
        escaped(&shown.verify.proof),
    );
    body.push_str(&verify);
    page(&summary.name, &body)
}

fn changes(shown: &Shown) -> String {
    let mut rows = String::from("<table><tr><th>When</th><th>Who</th><th>What</th><th>Why</th></tr>");
    for change in &shown.change_log.items {
        let told = serde_json::to_value(change).unwrap_or_default();
        let text = |pointer: &str| {
            let value = told.pointer(pointer).and_then(serde_json::Value::as_str);
            escaped(value.unwrap_or_default())
        };
        let said: Vec<String> = told
            .pointer("/diff/summary")
            .and_then(serde_json::Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|sentence| sentence.as_str().map(escaped))
            .collect();
        let row = format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            text("/at"),
            text("/actor/name"),
            said.join("<br>"),
            text("/reason"),
        );
        rows.push_str(&row);
    }
    rows.push_str("</table>");
    rows
}

fn runs(runs: &[ShownRun]) -> String {
    if runs.is_empty() {
        return "<p>None.</p>".to_owned();
    }
    let mut rows = "<table><tr><th>Started</th><th>Ended</th><th>State</th></tr>".to_owned();
    for run in runs {
        let ended = run.ended_at.map(|at| at.to_rfc3339()).unwrap_or_default();
        let (started, state) = (run.started_at.to_rfc3339(), escaped(&word(&run.state)));
        let _ = write!(rows, "<tr><td>{started}</td><td>{ended}</td><td>{state}</td></tr>");
    }
    rows.push_str("</table>");
    rows
}

fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn page(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"robots\" content=\"noindex,nofollow\">\
         <meta name=\"referrer\" content=\"no-referrer\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>"
    )
}

/// Text as text, whatever it holds: between tags and within quoted attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn what_people_wrote_stays_text() {
        let page = refusal("<script>alert('x')</script>");
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;alert(&#39;x&#39;)"));
    }
}
