//! The file around the pages: objects, their places, and what the document is called.

use data_encoding::HEXUPPER;

use super::face::{Face, letters};
use super::page::{plain, text};
use super::style::{FOOT, MARGIN, PAGE_HEIGHT, PAGE_WIDTH, POINT};

/// The objects that are always there: the catalog, the list of pages, what the document is called, and the faces.
const CATALOG: usize = 1;
const PAGES: usize = 2;
const INFO: usize = 3;
const FACES: usize = 4;

/// Puts the file together.
pub(super) fn assemble(title: &str, pages: Vec<Vec<u8>>) -> Vec<u8> {
    let count = pages.len();
    let first = FACES + Face::ALL.len();
    let mut file = File::default();
    file.object(&format!(
        "<< /Type /Catalog /Pages {PAGES} 0 R /ViewerPreferences << /DisplayDocTitle true >> >>"
    ));
    let kids: Vec<String> = (0..count).map(|page| format!("{} 0 R", first + 2 * page)).collect();
    let kids = kids.join(" ");
    file.object(&format!("<< /Type /Pages /Count {count} /Kids [ {kids} ] >>"));
    file.object(&format!("<< /Title {} /Producer (Draxis) >>", unicode(title)));
    for face in Face::ALL {
        let name = face.base_font();
        file.object(&format!(
            "<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
        ));
    }
    let faces: Vec<String> =
        Face::ALL.iter().zip(FACES..).map(|(face, id)| format!("/{} {id} 0 R", face.name())).collect();
    let faces = faces.join(" ");
    let (width, height) = (PAGE_WIDTH / POINT, PAGE_HEIGHT / POINT);
    for (number, mut content) in (1..).zip(pages) {
        foot(&mut content, title, (number, count));
        let id = file.places.len() + 2;
        file.object(&format!(
            "<< /Type /Page /Parent {PAGES} 0 R /MediaBox [ 0 0 {width} {height} ] \
             /Resources << /Font << {faces} >> >> /Contents {id} 0 R >>"
        ));
        file.stream(&content);
    }
    file.finish()
}

/// Below each page what the document is called and which page of how many it is.
fn foot(content: &mut Vec<u8>, title: &str, (number, count): (usize, usize)) {
    let place = MARGIN / 2;
    let title: String = title.chars().take(80).collect();
    text(content, (MARGIN, place), &plain(Face::Regular, &letters(&title), FOOT.size), FOOT.size);
    let page = plain(Face::Regular, &letters(&format!("{number} / {count}")), FOOT.size);
    text(content, (PAGE_WIDTH - MARGIN - page.width, place), &page, FOOT.size);
}

/// A text string in UTF-16 (ISO 32000-1, section 7.9.2.2).
fn unicode(text: &str) -> String {
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    format!("<FEFF{}>", HEXUPPER.encode(&bytes))
}

struct File {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

impl Default for File {
    fn default() -> Self {
        // Four bytes that are no text tell whoever carries the file not to touch it (ISO 32000-1, section 7.5.2).
        Self { bytes: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), places: Vec::new() }
    }
}

impl File {
    fn object(&mut self, body: &str) {
        self.begin();
        self.write(body);
        self.write("\nendobj\n");
    }

    fn stream(&mut self, content: &[u8]) {
        self.begin();
        self.write(&format!("<< /Length {} >>\nstream\n", content.len()));
        self.bytes.extend_from_slice(content);
        self.write("\nendstream\nendobj\n");
    }

    fn write(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn begin(&mut self) {
        self.places.push(self.bytes.len());
        self.write(&format!("{} 0 obj\n", self.places.len()));
    }

    /// The places of all objects, and where to begin reading.
    fn finish(mut self) -> Vec<u8> {
        let start = self.bytes.len();
        let count = self.places.len() + 1;
        self.write(&format!("xref\n0 {count}\n0000000000 65535 f \n"));
        for place in std::mem::take(&mut self.places) {
            self.write(&format!("{place:010} 00000 n \n"));
        }
        self.write(&format!(
            "trailer\n<< /Size {count} /Root {CATALOG} 0 R /Info {INFO} 0 R >>\nstartxref\n{start}\n%%EOF\n"
        ));
        self.bytes
    }
}
