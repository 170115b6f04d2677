//! Reading Markdown (`CommonMark` with tables and task lists) into pieces that are safe to set in any format.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::{DocumentError, PAGE_BREAK};

const BYTES: usize = 512 * 1024;
const PIECES: usize = 200_000;
const DEPTH: usize = 32;
const TITLE: usize = 200;

/// A title is one line.
pub(super) fn title(text: &str) -> String {
    let line = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(TITLE).collect()
}

/// Reads the whole text. `Event::Html` stands for a page break and nothing else: there is no HTML left.
pub(super) fn read<'a>(title: &'a str, markdown: &'a str) -> Result<Vec<Event<'a>>, DocumentError> {
    if markdown.len() > BYTES {
        return Err(DocumentError::TooLong { limit: BYTES });
    }
    let mut reader = Reader::default();
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS) {
        reader.take(event)?;
    }
    let titled =
        matches!(reader.pieces.first(), Some(Event::Start(Tag::Heading { level: HeadingLevel::H1, .. })));
    if titled || title.is_empty() {
        return Ok(reader.pieces);
    }
    let level = HeadingLevel::H1;
    let heading = Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() };
    let mut pieces =
        vec![Event::Start(heading), Event::Text(title.into()), Event::End(TagEnd::Heading(level))];
    pieces.extend(reader.pieces);
    Ok(pieces)
}

#[derive(Default)]
struct Reader<'a> {
    pieces: Vec<Event<'a>>,
    depth: usize,
    /// For each link that is open, whether it leads somewhere.
    links: Vec<bool>,
    /// The HTML block that is open.
    block: Option<String>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, event: Event<'a>) -> Result<(), DocumentError> {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => {
                self.end(tag);
                Ok(())
            }
            Event::Html(text) | Event::InlineHtml(text) => match &mut self.block {
                Some(block) => {
                    block.push_str(&text);
                    Ok(())
                }
                None => self.push(Event::Text(clean(&text).into())),
            },
            Event::Text(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text)
            | Event::FootnoteReference(text) => self.push(Event::Text(cleaned(text))),
            Event::Code(text) => self.push(Event::Code(cleaned(text))),
            Event::SoftBreak | Event::HardBreak | Event::Rule | Event::TaskListMarker(_) => self.push(event),
        }
    }

    fn start(&mut self, tag: Tag<'a>) -> Result<(), DocumentError> {
        if let Tag::HtmlBlock = tag {
            self.block = Some(String::new());
            return Ok(());
        }
        // A picture from elsewhere would tell its server who reads; its caption follows as text.
        if let Tag::Image { .. } = tag {
            return Ok(());
        }
        if let Tag::Link { dest_url, .. } = &tag {
            let leads = leads_somewhere(dest_url);
            self.links.push(leads);
            return if leads { self.push(Event::Start(tag)) } else { Ok(()) };
        }
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEPTH {
            return Err(DocumentError::TooDeep { limit: DEPTH });
        }
        self.push(Event::Start(tag))
    }

    fn end(&mut self, tag: TagEnd) {
        if tag == TagEnd::HtmlBlock {
            return self.end_block();
        }
        if tag == TagEnd::Image {
            return;
        }
        if tag == TagEnd::Link {
            if self.links.pop() == Some(true) {
                self.pieces.push(Event::End(tag));
            }
            return;
        }
        self.depth = self.depth.saturating_sub(1);
        self.pieces.push(Event::End(tag));
    }

    /// A block of HTML is a page break, or a paragraph that shows what it says.
    fn end_block(&mut self) {
        let text = self.block.take().unwrap_or_default();
        if text.trim() == PAGE_BREAK {
            self.pieces.push(Event::Html(CowStr::Borrowed("")));
        } else {
            self.pieces.push(Event::Start(Tag::Paragraph));
            self.pieces.push(Event::Text(clean(&text).into()));
            self.pieces.push(Event::End(TagEnd::Paragraph));
        }
    }

    fn push(&mut self, piece: Event<'a>) -> Result<(), DocumentError> {
        if self.pieces.len() >= PIECES {
            return Err(DocumentError::TooMuch { limit: PIECES });
        }
        self.pieces.push(piece);
        Ok(())
    }
}

/// The web and a mailbox; no scripts, no files, nothing relative to wherever the document lies.
fn leads_somewhere(address: &str) -> bool {
    let scheme = address.split(':').next().unwrap_or_default().to_ascii_lowercase();
    matches!(scheme.as_str(), "https" | "http" | "mailto")
        && address.len() <= 2048
        && !address.chars().any(|c| c.is_control() || c.is_whitespace() || is_turning(c))
}

fn cleaned(text: CowStr<'_>) -> CowStr<'_> {
    if text.chars().any(is_unfit) { clean(&text).into() } else { text }
}

/// Without what no text needs: control characters, and those that turn the direction of what follows.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !is_unfit(*c)).collect()
}

fn is_unfit(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t')) || is_turning(c)
}

const fn is_turning(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}
