//! Server-sent events as they come: cut anywhere, put together again (WHATWG HTML, section 9.2).

/// Events put together from pieces, each byte looked at once.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The line that is not whole yet.
    line: Vec<u8>,
    /// The data of the event that is not whole yet.
    data: Option<String>,
    /// Whether the last line ended in a carriage return: a line feed after it ends no other.
    returned: bool,
}

impl Events {
    /// Takes a piece, and gives the data of the events that are whole by it.
    pub(super) fn take(&mut self, piece: &[u8]) -> Vec<String> {
        let mut whole = Vec::new();
        for byte in piece {
            let second_half = std::mem::take(&mut self.returned) && *byte == b'\n';
            match byte {
                b'\n' if second_half => {}
                b'\n' | b'\r' => {
                    whole.extend(self.end_line());
                    self.returned = *byte == b'\r';
                }
                _ => self.line.push(*byte),
            }
        }
        whole
    }

    /// Whether something was begun and never ended.
    pub(super) fn is_cut_off(&self) -> bool {
        self.data.is_some() || self.line.iter().any(|byte| !byte.is_ascii_whitespace())
    }

    /// Takes the line; an empty one ends the event.
    fn end_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return self.data.take();
        }
        let text = String::from_utf8_lossy(&line);
        let value = text.strip_prefix("data:")?;
        let value = value.strip_prefix(' ').unwrap_or(value);
        self.data = Some(match self.data.take() {
            Some(before) => format!("{before}\n{value}"),
            None => value.to_owned(),
        });
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Events;

    #[test]
    fn an_event_is_the_same_wherever_it_is_cut() {
        let stream =
            "event: a\ndata: {\"t\":\"ü€\"}\n\n: beat\n\ndata: one\r\ndata: two\r\n\r\ndata: [DONE]\n\n";
        let whole = Events::default().take(stream.as_bytes());
        assert_eq!(whole, ["{\"t\":\"ü€\"}", "one\ntwo", "[DONE]"]);
        for cut in 0..stream.len() {
            let (one, other) = stream.as_bytes().split_at(cut);
            let mut events = Events::default();
            let mut heard = events.take(one);
            heard.extend(events.take(other));
            assert_eq!(heard, whole, "cut at {cut}");
            assert!(!events.is_cut_off());
        }
        let mut byte_by_byte = Events::default();
        let heard: Vec<String> =
            stream.as_bytes().iter().flat_map(|byte| byte_by_byte.take(&[*byte])).collect();
        assert_eq!(heard, whole);
    }

    #[test]
    fn what_was_never_ended_is_cut_off() {
        let mut events = Events::default();
        assert!(events.take(b"data: {\"half").is_empty());
        assert!(events.is_cut_off());
    }
}
