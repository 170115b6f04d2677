//! Server-sent events as they come: cut anywhere, put together again (WHATWG HTML, section 9.2).

/// Events put together from pieces.
#[derive(Debug, Default)]
pub(super) struct Events {
    waiting: Vec<u8>,
}

impl Events {
    /// Takes a piece, and gives the data of the events that are whole by it.
    pub(super) fn take(&mut self, piece: &[u8]) -> Vec<String> {
        self.waiting.extend_from_slice(piece);
        let mut whole = Vec::new();
        while let Some((end, gap)) = boundary(&self.waiting) {
            let event: Vec<u8> = self.waiting.drain(..end).collect();
            self.waiting.drain(..gap.min(self.waiting.len()));
            whole.extend(data(&event));
        }
        whole
    }

    /// Whether something was begun and never ended.
    pub(super) fn is_cut_off(&self) -> bool {
        self.waiting.iter().any(|byte| !byte.is_ascii_whitespace())
    }
}

/// Where the first event ends, and how long the empty line behind it is.
fn boundary(bytes: &[u8]) -> Option<(usize, usize)> {
    let at = |gap: &[u8]| bytes.windows(gap.len()).position(|part| part == gap).map(|at| (at, gap.len()));
    [at(b"\n\n"), at(b"\r\n\r\n"), at(b"\r\r")].into_iter().flatten().min()
}

fn data(event: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(event);
    let lines: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
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
