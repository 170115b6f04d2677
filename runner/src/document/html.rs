//! A page that stands alone: no script, nothing loaded from elsewhere, nothing told to where its links lead.

use draxis_domain::workflow::Destination;
use pulldown_cmark::{Event, html};

const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1,h2,h3,h4,h5,h6{line-height:1.25;break-after:avoid}\
pre{background:#f4f4f4;padding:.75rem;white-space:pre-wrap;overflow-wrap:anywhere}\
code{font-family:ui-monospace,monospace;font-size:.9em}\
table{border-collapse:collapse;width:100%}\
th,td{border-bottom:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}\
blockquote{border-left:3px solid #ccc;margin-left:0;padding-left:1rem;color:#444}\
.page-break{break-after:page}";

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The page.
pub(super) fn page(title: &str, pieces: Vec<Event<'_>>) -> String {
    let mut body = String::new();
    html::push_html(&mut body, pieces.into_iter().map(with_breaks));
    let title = Destination::Html.escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

fn with_breaks(piece: Event<'_>) -> Event<'_> {
    if let Event::Html(_) = piece { Event::Html("<div class=\"page-break\"></div>\n".into()) } else { piece }
}
