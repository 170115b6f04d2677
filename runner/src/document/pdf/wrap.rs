//! Breaking text into lines that fit.

use super::face::Face;

/// Letters in one face. A line feed among them ends a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) face: Face,
    pub(super) letters: Vec<u8>,
}

/// One line, run by run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) runs: Vec<Run>,
    pub(super) width: i64,
}

impl Line {
    fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    fn push(&mut self, face: Face, letter: u8, size: i64) {
        self.width += face.width(letter) * size;
        match self.runs.last_mut() {
            Some(run) if run.face == face => run.letters.push(letter),
            Some(_) | None => self.runs.push(Run { face, letters: vec![letter] }),
        }
    }

    fn append(&mut self, other: Self) {
        self.width += other.width;
        for run in other.runs {
            match self.runs.last_mut() {
                Some(last) if last.face == run.face => last.letters.extend(run.letters),
                Some(_) | None => self.runs.push(run),
            }
        }
    }
}

/// Breaks at spaces, and within a word only where it is wider than a whole line.
pub(super) fn wrap(runs: &[Run], size: i64, room: i64) -> Vec<Line> {
    let mut wrapping = Wrapping { size, room, ..Wrapping::default() };
    for run in runs {
        for letter in &run.letters {
            wrapping.take(run.face, *letter);
        }
    }
    wrapping.finish()
}

/// How wide the text is on one line, and its widest line where it has several.
pub(super) fn natural_width(runs: &[Run], size: i64) -> i64 {
    wrap(runs, size, i64::MAX).iter().map(|line| line.width).max().unwrap_or_default()
}

#[derive(Default)]
struct Wrapping {
    size: i64,
    room: i64,
    lines: Vec<Line>,
    line: Line,
    word: Line,
    /// The space before the word, if there is one.
    space: Option<Face>,
}

impl Wrapping {
    fn take(&mut self, face: Face, letter: u8) {
        match letter {
            b'\n' => {
                self.end_word();
                self.end_line();
            }
            b' ' => {
                self.end_word();
                self.space = Some(face);
            }
            letter => {
                if self.word.width + face.width(letter) * self.size > self.room && !self.word.is_empty() {
                    self.end_word();
                    self.end_line();
                }
                self.word.push(face, letter, self.size);
            }
        }
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let word = std::mem::take(&mut self.word);
        let space = self.space.take().filter(|_| !self.line.is_empty());
        let wider = space.map_or(0, |face| face.width(b' ') * self.size);
        if self.line.width + wider + word.width > self.room && !self.line.is_empty() {
            self.end_line();
        } else if let Some(face) = space {
            self.line.push(face, b' ', self.size);
        }
        self.line.append(word);
    }

    fn end_line(&mut self) {
        self.space = None;
        self.lines.push(std::mem::take(&mut self.line));
    }

    fn finish(mut self) -> Vec<Line> {
        self.end_word();
        if !self.line.is_empty() {
            self.end_line();
        }
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::super::face::Face;
    use super::{Run, wrap};

    fn lines(text: &str, room: i64) -> Vec<String> {
        let half = text.len() / 2;
        let run = |face, part: &str| Run { face, letters: part.as_bytes().to_vec() };
        let runs = [run(Face::Code, &text[..half]), run(Face::Code, &text[half..])];
        // At size 1 a letter of this face is 600 wide.
        let text = |run: &Run| String::from_utf8(run.letters.clone()).unwrap();
        wrap(&runs, 1, room * 600).iter().map(|line| line.runs.iter().map(text).collect()).collect()
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(lines("one two  three four", 9), ["one two", "three", "four"]);
        assert_eq!(lines("one\ntwo three", 20), ["one", "two three"]);
    }

    #[test]
    fn a_word_wider_than_a_line_is_broken() {
        assert_eq!(lines("a abcdefghij b", 4), ["a", "abcd", "efgh", "ij b"]);
    }

    #[test]
    fn a_letter_wider_than_a_line_has_one_to_itself() {
        assert_eq!(lines("abc", 0), ["a", "b", "c"]);
    }
}
