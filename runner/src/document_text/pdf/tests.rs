//! PDFs as programs write them, and PDFs that were made to do harm.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;

use super::{PdfError, text_of};

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn stream(number: u32, more: &str, bytes: &[u8]) -> Vec<u8> {
    let mut object = format!("{number} 0 obj\n<< /Length {} {more} >>\nstream\n", bytes.len()).into_bytes();
    object.extend_from_slice(bytes);
    object.extend_from_slice(b"\nendstream\nendobj\n");
    object
}

/// A file of one page with this content, packed, in this font.
fn page(content: &[u8], font: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    file.extend_from_slice(
        b"1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n\
          2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 /Resources << /Font << /F1 5 0 R >> >> >> endobj\n\
          3 0 obj << /Type /Page /Parent 2 0 R /Contents 4 0 R >> endobj\n",
    );
    file.extend(stream(4, "/Filter /FlateDecode", &packed(content)));
    file.extend(format!("5 0 obj {font} endobj\n").into_bytes());
    file
}

const SIMPLE: &str = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";

fn read(bytes: &[u8]) -> Result<String, PdfError> {
    text_of(bytes, 200_000)
}

#[test]
fn the_text_of_a_page_is_read_with_its_lines_and_words() {
    let content =
        b"BT /F1 12 Tf 72 700 Td (Incident \\(draft\\)) Tj 0 -14 Td [(Noti) 20 (fy) -250 (the board)] TJ \
                    T* <57697468696e20> Tj (a \\144ay) Tj ET";
    let text = read(&page(content, SIMPLE)).unwrap();
    assert_eq!(text.trim(), "Incident (draft)\nNotify the board\nWithin a day");
}

#[test]
fn a_composite_font_says_what_its_codes_mean() {
    let font = "<< /Type /Font /Subtype /Type0 /ToUnicode 6 0 R >>";
    let mut file = page(b"BT /F1 12 Tf <000100020010001100120099> Tj ET", font);
    let map =
        b"2 beginbfchar <0001> <0047> <0002> <00FC> endbfchar 1 beginbfrange <0010> <0012> <0061> endbfrange";
    file.extend(stream(6, "", map));
    assert_eq!(read(&file).unwrap().trim(), "Güabc");
}

#[test]
fn objects_that_lie_packed_are_found() {
    let (catalog, pages, leaf) = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] >>",
        "<< /Type /Page /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    );
    let (second, third) = (catalog.len() + 1, catalog.len() + pages.len() + 2);
    let heads = format!("1 0 2 {second} 3 {third} ");
    let body = format!("{heads}{catalog} {pages} {leaf}");
    let mut file = b"%PDF-1.5\n".to_vec();
    let more = format!("/Type /ObjStm /N 3 /First {} /Filter [/FlateDecode]", heads.len());
    file.extend(stream(9, &more, &packed(body.as_bytes())));
    file.extend(stream(4, "", b"BT (found) Tj ET"));
    assert_eq!(read(&file).unwrap().trim(), "found");
}

#[test]
fn what_is_no_pdf_or_is_encrypted_says_so() {
    assert_eq!(read(b"hello"), Err(PdfError::Broken));
    assert_eq!(read(b"%PDF-1.4\nnothing"), Err(PdfError::Broken));
    let mut file = page(b"BT (x) Tj ET", SIMPLE);
    file.extend_from_slice(b"trailer << /Encrypt 7 0 R >>");
    assert_eq!(read(&file), Err(PdfError::Encrypted));
}

#[test]
fn a_bomb_is_put_down() {
    let zeros = packed(&vec![b' '; 16 << 20]);
    let mut file = page(b"BT (x) Tj ET", SIMPLE);
    let mut contents = String::new();
    for number in 100..140 {
        file.extend(stream(number, "/Filter /FlateDecode", &zeros));
        write!(contents, "{number} 0 R ").unwrap();
    }
    file.extend(format!("3 0 obj << /Type /Page /Contents [{contents}] >> endobj").into_bytes());
    assert_eq!(read(&file), Err(PdfError::TooMuch));
}

#[test]
fn trees_that_bite_their_tail_and_nesting_without_end_come_to_an_end() {
    let looped = b"%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj 2 0 obj << /Kids [2 0 R 2 0 R] >> endobj";
    assert_eq!(read(looped), Err(PdfError::Broken));
    for hostile in ["<<", "[", "(", "1 0 obj [(", "1 0 obj << /A ", "1 0 obj <</Length 5>> stream ", "<41"] {
        let mut file = b"%PDF-1.4\n1 0 obj ".to_vec();
        file.extend(hostile.repeat((1 << 20) / hostile.len()).into_bytes());
        assert!(read(&file).is_err(), "{hostile}");
    }
}

proptest! {
    #[test]
    fn no_file_makes_it_fall_over(cut in 0..600_usize, at in 0..600_usize, byte: u8) {
        let mut file = page(b"BT /F1 12 Tf (Some text) Tj [(a) -300 (b)] TJ ET", SIMPLE);
        if let Some(place) = file.get_mut(at) {
            *place = byte;
        }
        file.truncate(cut.max(9));
        let _whatever = read(&file);
    }
}
