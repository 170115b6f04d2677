//! Drafts: what a model has written of its answer so far, with every figure blotted out. Words may be read while the model thinks;
//! figures are told once they are checked.

use draxis_domain::panel::blotted;

/// How much is waited for, in bytes: whoever reads along reads words, not letters.
const PIECE: usize = 24;

/// A draft as far as it has been heard.
pub(super) struct Unfinished<'a> {
    names: Vec<&'a str>,
    nth: u32,
    text: String,
    told: usize,
}

impl<'a> Unfinished<'a> {
    /// None yet. `names` stand in the data, with whatever digits are in them.
    pub(super) const fn new(names: Vec<&'a str>) -> Self {
        Self { names, nth: 0, text: String::new(), told: 0 }
    }

    /// Hears a piece of a draft; gives what of it may be told by now, up to the last word that has ended.
    pub(super) fn hear(&mut self, nth: u32, piece: &str) -> Option<String> {
        if self.nth != nth {
            (self.nth, self.told) = (nth, 0);
            self.text.clear();
        }
        self.text.push_str(piece);
        let space = |c: char| c.is_whitespace();
        let end = self.text.rfind(space).and_then(|at| {
            let gap = self.text.get(at..)?.chars().next()?.len_utf8();
            at.checked_add(gap)
        })?;
        if end < self.told.saturating_add(PIECE) && !piece.contains('\n') {
            return None;
        }
        let heard = self.text.get(..end)?;
        let told = blotted(heard, self.told, &self.names);
        self.told = end;
        (!told.is_empty()).then_some(told)
    }
}

#[cfg(test)]
mod tests {
    use super::Unfinished;

    #[test]
    fn no_figure_is_told_however_the_draft_is_cut() {
        let text = "1. Patch first: it stands at 18 of 5 million, twenty three more\nsince 2026-01-02, up 4.5%. That is all \
                    there is to say of it now.";
        for size in [1, 2, 3, 7, 31, 1000] {
            let mut draft = Unfinished::new(Vec::new());
            let letters: Vec<char> = text.chars().collect();
            let pieces = letters.chunks(size).map(|part| part.iter().collect::<String>());
            let told: String = pieces.filter_map(|piece| draft.hear(1, &piece)).collect();
            assert!(told.starts_with("1. Patch first: it stands at "), "{told}");
            for figure in ["18", "5", "million", "twenty", "three", "2026", "01", "4.5"] {
                assert!(!told.contains(figure), "{figure} in {told}, cut by {size}");
            }
            assert!(told.contains("That is all there"), "{told}");
        }
    }

    #[test]
    fn another_draft_begins_anew() {
        let mut draft = Unfinished::new(Vec::new());
        assert_eq!(
            draft.hear(1, "one and another and yet another "),
            Some("one and another and yet another ".to_owned())
        );
        assert_eq!(draft.hear(2, "never before "), None);
        assert_eq!(draft.hear(2, "has it been so\n"), Some("never before has it been so\n".to_owned()));
    }
}
