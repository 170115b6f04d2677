//! Documents as they come out, and hostile texts that must not.

use std::time::{Duration, Instant};

use super::{DocumentError, DocumentFormat, content_id, render};

const SAMPLE: &str = "\
Three **critical** CVEs are *unpatched* on `web-1` ([why](https://draxis.example/kris/1)).

## What is done

1. Ticket opened
2. Owner told
   - [x] by mail
   - [ ] by phone

> Patch by Friday.

| Host | CVE | Score |
|:-----|:----|------:|
| web-1 | CVE-2026-0001 | 9.8 |
| *web-2* | CVE-2026-0002 | 9.1 |

```sh
apt-get   upgrade
```

---

<!-- pagebreak -->

Größe: 5 € → 漢";

fn html(markdown: &str) -> String {
    String::from_utf8(render("Report", markdown, DocumentFormat::Html).unwrap()).unwrap()
}

fn pdf(markdown: &str) -> Vec<u8> {
    render("Report", markdown, DocumentFormat::Pdf).unwrap()
}

/// What a PDF shows, string by string.
fn shown(pdf: &[u8]) -> Vec<String> {
    let text: String = pdf.iter().map(|byte| char::from(*byte)).collect();
    let strings = text.split("Tf (").skip(1);
    strings.map(|rest| rest.split(") Tj").next().unwrap().to_owned()).collect()
}

#[test]
fn markdown_stays_as_it_was_written() {
    assert_eq!(render("Report", SAMPLE, DocumentFormat::Markdown).unwrap(), SAMPLE.as_bytes());
}

#[test]
fn a_page_stands_alone_under_its_title() {
    let page = html(SAMPLE);
    for part in [
        "<!doctype html>",
        "<title>Report</title>",
        "<h1>Report</h1>",
        "<strong>critical</strong>",
        "<a href=\"https://draxis.example/kris/1\">why</a>",
        "<td style=\"text-align: right\">9.8</td>",
        "<div class=\"page-break\"></div>",
        "Größe: 5 € → 漢",
        "default-src 'none'",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    assert!(!html("# Own title").contains("<h1>Report</h1>"), "a text with a title gets no other");
}

#[test]
fn what_is_written_in_html_is_text() {
    let page = html(
        "<script>alert(1)</script>\n\nText <img src=x onerror=alert(1)> [a](javascript:alert(1)) \
         [b](JaVaScRiPt:alert(1)) [c](data:text/html,x) [d](/relative) ![caption](https://far.example/pixel.png)\n\n\
         <!-- pagebreak --><script>1</script>\n\n[e](<https://x.example/\" onclick=alert(1)>)",
    );
    let body = page.split("<body>").nth(1).unwrap();
    assert!(body.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{body}");
    for sign in ["<script", "<img", "javascript:", "data:", "/relative", "pixel.png", "\" onclick"] {
        assert!(!body.to_lowercase().contains(sign), "{sign} in {body}");
    }
    assert!(body.contains("caption"), "a picture is its caption");
    let titled = render("</title><script>", "x", DocumentFormat::Html).unwrap();
    assert!(!String::from_utf8(titled).unwrap().contains("<script>"));
}

#[test]
fn what_turns_or_hides_text_is_left_out() {
    let page = html("safe\u{202e}txt.exe \u{1b}[31mred [x](https://a.example/\u{202e}b)");
    assert!(!page.contains(['\u{202e}', '\u{1b}']), "{page}");
}

#[test]
fn a_pdf_holds_the_text_on_its_pages() {
    let file = pdf(SAMPLE);
    assert!(file.starts_with(b"%PDF-1.7\n"));
    assert!(file.ends_with(b"%%EOF\n"));
    let shown = shown(&file);
    for part in ["Report", "critical", "1.", "[x] ", "CVE-2026-0001", "apt-get   upgrade", "1 / 2", "2 / 2"] {
        assert!(shown.iter().any(|one| one == part), "{part} is missing in {shown:?}");
    }
    assert!(shown.iter().any(|one| one.contains("\\(https://draxis.example/kris/1\\)")), "{shown:?}");
    assert!(shown.iter().any(|one| one == "Gr\\366\\337e: 5 \\200 -> ?"), "{shown:?}");
}

#[test]
fn every_object_of_a_pdf_is_where_its_table_says() {
    let file = pdf(SAMPLE);
    // One character a byte, so that places are places.
    let text: String =
        file.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect();
    let (_, end) = text.rsplit_once("startxref\n").unwrap();
    let start: usize = end.lines().next().unwrap().parse().unwrap();
    let mut table = text[start..].lines().skip(1);
    let count: usize = table.next().unwrap().strip_prefix("0 ").unwrap().parse().unwrap();
    for (number, line) in table.take(count).enumerate().skip(1) {
        let place: usize = line[..10].parse().unwrap();
        assert!(text[place..].starts_with(&format!("{number} 0 obj\n")), "{number}");
        assert_eq!(line.len(), 19, "twenty bytes with the line feed");
    }
    for stream in text.split("/Length ").skip(1) {
        let (length, rest) = stream.split_once(" >>\nstream\n").unwrap();
        assert!(rest[length.parse().unwrap()..].starts_with("\nendstream"), "{length}");
    }
}

#[test]
fn the_same_text_makes_the_same_bytes() {
    for format in [DocumentFormat::Markdown, DocumentFormat::Html, DocumentFormat::Pdf] {
        let made = || content_id(&render("Report", SAMPLE, format).unwrap());
        assert_eq!(made(), made());
    }
    assert_eq!(content_id(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn long_texts_and_tables_go_on_upon_the_next_page() {
    let long = "A sentence that fills a line of the page. ".repeat(400);
    let rows = "| a | b |\n|---|---|\n".to_owned() + &"| one | two and some more |\n".repeat(200);
    for (text, least) in [(long.clone(), 3), (rows, 4), (format!("| a |\n|---|\n| {long} |"), 3)] {
        let file = pdf(&text);
        let pages = shown(&file).iter().find(|one| one.starts_with("1 / ")).unwrap().clone();
        assert!(pages[4..].parse::<u32>().unwrap() >= least, "{pages}");
    }
}

/// Nothing that is set reaches over the edges of the paper.
#[test]
fn nothing_leaves_the_page() {
    let deep = "> - ".repeat(10) + &"x".repeat(900);
    let wide = format!("|{}\n|{}\n|{}", "head|".repeat(30), "-|".repeat(30), "w|".repeat(30));
    let narrow = format!("|a|b|\n|-|-|\n|{}|y|", "long".repeat(300));
    for text in [deep, wide, narrow, "999999999. x".to_owned(), format!("# {}", "T".repeat(300))] {
        let file = pdf(&text);
        let text: String = file.iter().map(|byte| char::from(*byte)).collect();
        for place in text.split("BT ").skip(1) {
            let mut numbers = place.split(' ').map(str::parse::<f64>);
            let (left, foot) = (numbers.next().unwrap().unwrap(), numbers.next().unwrap().unwrap());
            assert!((0.0..595.0).contains(&left) && (0.0..842.0).contains(&foot), "{left} {foot}");
        }
    }
}

#[test]
fn hostile_texts_end_soon_and_small() {
    let cases = [
        "[".repeat(100_000),
        "> ".repeat(200_000),
        "- ".repeat(200_000),
        "*a_ ".repeat(50_000),
        "`".repeat(300_000),
        "![".repeat(100_000),
        "<!--".repeat(100_000),
        "&#x".repeat(100_000),
        "[a](".repeat(100_000),
        format!("|{}\n|{}\n{}", "x|".repeat(2_000), "-|".repeat(2_000), "|y|\n".repeat(20_000)),
        "# h\n".repeat(100_000),
        "\u{0}".repeat(400_000),
        "\n".repeat(400_000),
        "<!-- pagebreak -->\n\n".repeat(20_000),
        format!("```\n{}\n```", "\n".repeat(400_000)),
        "x".repeat(512 * 1024 + 1),
    ];
    for text in cases {
        for format in [DocumentFormat::Html, DocumentFormat::Pdf] {
            let begin = Instant::now();
            let made = render("Report", &text, format);
            let head: String = text.chars().take(12).collect();
            assert!(begin.elapsed() < Duration::from_secs(20), "{head:?} takes {:?}", begin.elapsed());
            if let Ok(bytes) = made {
                assert!(bytes.len() < 16 * 1024 * 1024, "{head:?}: {}", bytes.len());
            }
        }
    }
}

#[test]
fn what_is_too_much_says_so() {
    let too = |text: &str| render("Report", text, DocumentFormat::Pdf).unwrap_err();
    assert_eq!(too(&"x".repeat(600_000)), DocumentError::TooLong { limit: 512 * 1024 });
    assert_eq!(too(&"> ".repeat(100)), DocumentError::TooDeep { limit: 32 });
    assert_eq!(too(&"<!-- pagebreak -->\n\nx\n\n".repeat(600)), DocumentError::TooManyPages { limit: 500 });
    assert_eq!(too(&"# h\n".repeat(100_000)), DocumentError::TooMuch { limit: 200_000 });
}
