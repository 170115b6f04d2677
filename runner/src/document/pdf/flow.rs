//! The flow of a text into pages, piece by piece.

use pulldown_cmark::{Event, HeadingLevel, Tag, TagEnd};

use super::face::{Face, letters};
use super::page::{Pages, plain};
use super::style::{self, BODY, CODE, INDENT, INDENTS, MARGIN, POINT, ROOM, Style};
use super::table::Table;
use super::wrap::{Line, Run, wrap};
use crate::document::DocumentError;

/// What a text is set in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inset {
    Quote,
    /// A list, with the next number where it counts.
    List(Option<u64>),
}

/// What has been read and not yet set.
#[derive(Default)]
pub(super) struct Flow {
    pages: Pages,
    runs: Vec<Run>,
    bold: usize,
    italic: usize,
    heading: Option<HeadingLevel>,
    insets: Vec<Inset>,
    /// What stands before the next line: a bullet or a number.
    marker: Option<Vec<u8>>,
    code: Option<String>,
    /// The link that is open: its address, and where its text begins.
    link: Option<(String, usize)>,
    table: Option<Table>,
}

impl Flow {
    pub(super) fn take(&mut self, piece: Event<'_>) -> Result<(), DocumentError> {
        match piece {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => match &mut self.code {
                Some(code) => {
                    code.push_str(&text);
                    Ok(())
                }
                None => self.write(self.face(), &text),
            },
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.write(Face::Code, &text)
            }
            Event::SoftBreak => self.write(self.face(), " "),
            Event::HardBreak => self.write(self.face(), "\n"),
            Event::TaskListMarker(done) => self.write(Face::Code, if done { "[x] " } else { "[ ] " }),
            Event::Rule => self.rule(),
            Event::Html(_) => {
                self.flush()?;
                if self.pages.is_fresh() { Ok(()) } else { self.pages.turn() }
            }
            Event::InlineHtml(_) | Event::FootnoteReference(_) => Ok(()),
        }
    }

    pub(super) fn finish(mut self) -> Result<Vec<Vec<u8>>, DocumentError> {
        self.flush()?;
        Ok(self.pages.finish())
    }

    fn start(&mut self, tag: Tag<'_>) -> Result<(), DocumentError> {
        match tag {
            Tag::Emphasis => self.italic += 1,
            Tag::Strong => self.bold += 1,
            Tag::Link { dest_url, .. } => self.link = Some((dest_url.to_string(), self.runs.len())),
            Tag::TableHead | Tag::TableRow | Tag::TableCell => {}
            Tag::Heading { level, .. } => {
                self.flush()?;
                self.heading = Some(level);
            }
            Tag::BlockQuote(_) => self.inset(Inset::Quote)?,
            Tag::List(first) => self.inset(Inset::List(first))?,
            Tag::Item => self.item()?,
            Tag::CodeBlock(_) => {
                self.flush()?;
                self.code = Some(String::new());
            }
            Tag::Table(_) => {
                self.flush()?;
                self.table = Some(Table::default());
            }
            Tag::Paragraph
            | Tag::HtmlBlock
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Strikethrough
            | Tag::Superscript
            | Tag::Subscript
            | Tag::Image { .. }
            | Tag::MetadataBlock(_) => self.flush()?,
        }
        Ok(())
    }

    fn end(&mut self, tag: TagEnd) -> Result<(), DocumentError> {
        match tag {
            TagEnd::Emphasis => self.italic = self.italic.saturating_sub(1),
            TagEnd::Strong => self.bold = self.bold.saturating_sub(1),
            TagEnd::Link => self.end_link()?,
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.runs);
                if let Some(table) = &mut self.table {
                    table.push(cell);
                }
            }
            TagEnd::TableHead => self.table.iter_mut().for_each(Table::end_head),
            TagEnd::TableRow => self.table.iter_mut().for_each(Table::end_row),
            TagEnd::Table => {
                let left = self.left();
                if let Some(table) = self.table.take() {
                    table.set(&mut self.pages, left)?;
                }
            }
            TagEnd::BlockQuote(_) | TagEnd::List(_) => {
                self.flush()?;
                self.insets.pop();
            }
            TagEnd::CodeBlock => self.end_code()?,
            TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::HtmlBlock
            | TagEnd::Item
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::Image
            | TagEnd::MetadataBlock(_) => self.flush()?,
        }
        Ok(())
    }

    fn face(&self) -> Face {
        match (self.bold > 0 || self.heading.is_some(), self.italic > 0) {
            (false, false) => Face::Regular,
            (true, false) => Face::Bold,
            (false, true) => Face::Italic,
            (true, true) => Face::BoldItalic,
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "an arm of a match whose other arms can fail")]
    fn write(&mut self, face: Face, text: &str) -> Result<(), DocumentError> {
        self.runs.push(Run { face, letters: letters(text) });
        Ok(())
    }

    /// How far from the left edge the text begins.
    fn left(&self) -> i64 {
        let levels = self.insets.iter().take(INDENTS).count();
        MARGIN + i64::try_from(levels).unwrap_or_default() * INDENT
    }

    fn room(&self) -> i64 {
        ROOM + MARGIN - self.left()
    }

    fn inset(&mut self, inset: Inset) -> Result<(), DocumentError> {
        self.flush()?;
        self.insets.push(inset);
        Ok(())
    }

    fn item(&mut self) -> Result<(), DocumentError> {
        self.flush()?;
        let marker = match self.insets.last_mut() {
            Some(Inset::List(Some(number))) => {
                let marker = format!("{number}.");
                *number = number.saturating_add(1);
                letters(&marker)
            }
            Some(Inset::List(None) | Inset::Quote) | None => letters("•"),
        };
        self.marker = Some(marker);
        Ok(())
    }

    /// On paper an address is only of use where it can be read.
    fn end_link(&mut self) -> Result<(), DocumentError> {
        let Some((address, begin)) = self.link.take() else { return Ok(()) };
        let shown: Vec<u8> =
            self.runs.iter().skip(begin).flat_map(|run| run.letters.iter().copied()).collect();
        let written = letters(&address);
        if shown == written || written.strip_prefix(b"mailto:") == Some(shown.as_slice()) {
            return Ok(());
        }
        self.write(self.face(), &format!(" ({address})"))
    }

    /// Sets what has been read as a paragraph or a heading.
    fn flush(&mut self) -> Result<(), DocumentError> {
        let runs = std::mem::take(&mut self.runs);
        let heading = self.heading.take();
        let style = heading.map_or(BODY, style::heading);
        let mut lines = wrap(&runs, style.size, self.room());
        if lines.is_empty() {
            if self.marker.is_none() {
                return Ok(());
            }
            lines.push(Line::default());
        }
        self.pages.space(style.above);
        if heading.is_some() {
            // A heading stays with what it is the heading of.
            let tall = i64::try_from(lines.len()).unwrap_or_default().min(4) * style.leading;
            self.pages.keep(tall + 2 * BODY.leading)?;
        }
        for line in &lines {
            self.begin_line(style)?;
            self.pages.text(self.left(), line, style);
            self.pages.advance(style.leading);
        }
        Ok(())
    }

    /// Goes to where a line has room, and sets what stands before it.
    fn begin_line(&mut self, style: Style) -> Result<(), DocumentError> {
        self.pages.keep(style.leading)?;
        for (level, inset) in (0..).zip(self.insets.iter().take(INDENTS)) {
            if *inset == Inset::Quote {
                self.pages.fill((MARGIN + level * INDENT, 2 * POINT), (0, style.leading), 80);
            }
        }
        if let Some(marker) = self.marker.take() {
            let marker = plain(Face::Regular, &marker, style.size);
            // A long number reaches to the left instead of into the text.
            self.pages.text(self.left() - marker.width - 5 * POINT, &marker, style);
        }
        Ok(())
    }

    fn rule(&mut self) -> Result<(), DocumentError> {
        self.flush()?;
        self.pages.keep(BODY.leading)?;
        self.pages.fill((self.left(), self.room()), (BODY.leading / 2, POINT), 70);
        self.pages.advance(BODY.leading);
        Ok(())
    }

    /// Code keeps its spaces: each line is cut where the room ends.
    fn end_code(&mut self) -> Result<(), DocumentError> {
        let code = self.code.take().unwrap_or_default();
        let fits = (self.room() - 12 * POINT) / (Face::Code.width(b'x') * CODE.size);
        let fits = usize::try_from(fits).unwrap_or_default().max(1);
        self.pages.space(CODE.above);
        for line in code.trim_end_matches('\n').split('\n') {
            let letters = letters(line);
            let empty: &[u8] = &[];
            let parts = if letters.is_empty() { vec![empty] } else { letters.chunks(fits).collect() };
            for part in parts {
                self.begin_line(CODE)?;
                self.pages.fill((self.left(), self.room()), (0, CODE.leading), 95);
                self.pages.text(self.left() + 6 * POINT, &plain(Face::Code, part, CODE.size), CODE);
                self.pages.advance(CODE.leading);
            }
        }
        Ok(())
    }
}
