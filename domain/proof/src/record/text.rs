//! Appends numbers and JSON strings to a byte buffer without allocating.

const DIGITS: usize = 20; // u64::MAX has twenty digits.
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends a number in decimal, without leading zeros.
pub(super) fn push_decimal(out: &mut Vec<u8>, value: u64) {
    let mut buffer = [b'0'; DIGITS];
    let mut rest = value;
    let mut used = 0;
    for slot in buffer.iter_mut().rev() {
        *slot = digit(rest % 10);
        rest /= 10;
        used += 1;
        if rest == 0 {
            break;
        }
    }
    out.extend(buffer.iter().skip(DIGITS - used));
}

/// Appends the last `WIDTH` decimal digits of a number, with leading zeros.
pub(super) fn push_padded<const WIDTH: usize>(out: &mut Vec<u8>, value: u64) {
    let mut buffer = [b'0'; WIDTH];
    let mut rest = value;
    for slot in buffer.iter_mut().rev() {
        *slot = digit(rest % 10);
        rest /= 10;
    }
    out.extend_from_slice(&buffer);
}

/// Appends a JSON string in quotes, escaped exactly as `serde_json` does.
pub(crate) fn push_json_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    if text.bytes().any(needs_escape) {
        text.bytes().for_each(|byte| push_escaped(out, byte));
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
}

const fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn push_escaped(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        0x08 => out.extend_from_slice(b"\\b"),
        0x0c => out.extend_from_slice(b"\\f"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0x00..=0x1f => {
            out.extend_from_slice(b"\\u00");
            out.extend(HEX.get(usize::from(byte >> 4)));
            out.extend(HEX.get(usize::from(byte & 0x0f)));
        }
        _ => out.push(byte),
    }
}

/// The ASCII digit of a number below ten.
fn digit(value: u64) -> u8 {
    b'0' + u8::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(value: u64) -> String {
        let mut out = Vec::new();
        push_decimal(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn decimals_have_no_leading_zeros() {
        for value in [0, 1, 9, 10, 99, 100, 12_345, u64::MAX] {
            assert_eq!(decimal(value), value.to_string());
        }
    }

    #[test]
    fn padded_numbers_keep_their_width() {
        let mut out = Vec::new();
        push_padded::<6>(&mut out, 42);
        assert_eq!(out, b"000042");
    }

    proptest! {
        #[test]
        fn strings_are_escaped_as_serde_json_escapes_them(text in any::<String>()) {
            let mut out = Vec::new();
            push_json_string(&mut out, &text);
            prop_assert_eq!(out, serde_json::to_vec(&text).unwrap());
        }

        #[test]
        fn control_characters_are_escaped_as_serde_json_escapes_them(bytes in prop::collection::vec(0_u8..0x80, 0..40)) {
            let text = String::from_utf8(bytes).unwrap();
            let mut out = Vec::new();
            push_json_string(&mut out, &text);
            prop_assert_eq!(out, serde_json::to_vec(&text).unwrap());
        }
    }
}
