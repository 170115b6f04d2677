//! The objects of a PDF, found by walking through the file: its own tables of contents are not believed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::value::{Reader, Value};
use super::{Budget, PdfError};

/// How many objects, and how many pages, are looked at.
const OBJECTS: usize = 100_000;
const PAGES: usize = 5_000;
/// The largest stream that is unpacked: no page has as much text.
const UNPACKED: usize = 8 << 20;

/// A file's objects.
#[derive(Debug)]
pub(super) struct File<'a> {
    objects: BTreeMap<u32, Object<'a>>,
}

#[derive(Debug)]
struct Object<'a> {
    value: Value,
    stream: Option<&'a [u8]>,
}

/// A page: its own dictionary, and the resources that it inherits.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) contents: Vec<u32>,
    pub(super) resources: Option<Value>,
}

fn find(bytes: &[u8], from: usize, what: &[u8], budget: &mut Budget) -> Result<Option<usize>, PdfError> {
    let rest = bytes.get(from..).unwrap_or_default();
    let found = rest.windows(what.len()).position(|part| part == what);
    budget.spend(found.unwrap_or(rest.len()))?;
    Ok(found.map(|at| at.saturating_add(from)))
}

impl<'a> File<'a> {
    pub(super) fn read(bytes: &'a [u8], budget: &mut Budget) -> Result<Self, PdfError> {
        let mut file = Self { objects: BTreeMap::new() };
        let mut at = 0;
        while let Some(found) = find(bytes, at, b" obj", budget)? {
            at = found.saturating_add(4);
            let Some(number) = number_before(bytes, found) else { continue };
            let mut reader = Reader::new(bytes, at);
            let Some(value) = reader.next(budget)? else { continue };
            at = reader.at;
            let stream = stream_after(bytes, &value, &mut at, budget)?;
            // What was appended to the file later is what holds.
            file.objects.insert(number, Object { value, stream });
            if file.objects.len() > OBJECTS {
                return Err(PdfError::TooMuch);
            }
        }
        file.unpack_objects(budget)?;
        if is_encrypted(bytes, budget)? {
            return Err(PdfError::Encrypted);
        }
        Ok(file)
    }

    /// Objects that lie packed within streams (section 7.5.7).
    fn unpack_objects(&mut self, budget: &mut Budget) -> Result<(), PdfError> {
        let packed: Vec<u32> = self.numbers_of("ObjStm");
        for number in packed {
            let Some(unpacked) = self.unpacked(number, budget)? else { continue };
            let Some(dict) = self.objects.get(&number).and_then(|object| object.value.dict()) else {
                continue;
            };
            let field = |name| dict.get(name).and_then(Value::index);
            let (Some(count), Some(first)) = (field("N"), field("First")) else { continue };
            let mut heads = Reader::new(&unpacked, 0);
            for _ in 0..count.min(OBJECTS) {
                let (Some(number), Some(offset)) = (heads.next(budget)?, heads.next(budget)?) else { break };
                let (Some(number), Some(offset)) = (number.index(), offset.index()) else { break };
                let Ok(number) = u32::try_from(number) else { continue };
                let mut reader = Reader::new(&unpacked, first.saturating_add(offset));
                if let Some(value) = reader.next(budget)? {
                    self.objects.entry(number).or_insert(Object { value, stream: None });
                }
            }
            if self.objects.len() > OBJECTS {
                return Err(PdfError::TooMuch);
            }
        }
        Ok(())
    }

    fn numbers_of(&self, kind: &str) -> Vec<u32> {
        let is_kind = |object: &Object<'_>| {
            object.value.dict().and_then(|dict| dict.get("Type")).and_then(Value::name) == Some(kind)
        };
        self.objects.iter().filter(|(_, object)| is_kind(object)).map(|(number, _)| *number).collect()
    }

    /// What a value stands for: itself, or the object that it refers to.
    pub(super) fn resolve<'b>(&'b self, value: &'b Value) -> &'b Value {
        let mut value = value;
        for _ in 0..8 {
            let Value::Ref(number) = value else { return value };
            match self.objects.get(number) {
                Some(object) => value = &object.value,
                None => return &Value::Null,
            }
        }
        &Value::Null
    }

    /// A stream's bytes, unpacked; none where there is none, or it is packed in a way that text is not.
    pub(super) fn unpacked(&self, number: u32, budget: &mut Budget) -> Result<Option<Vec<u8>>, PdfError> {
        let Some(Object { value, stream: Some(stream) }) = self.objects.get(&number) else { return Ok(None) };
        let filter = value.dict().and_then(|dict| dict.get("Filter")).map(|filter| self.resolve(filter));
        let names: Vec<&str> = match filter {
            None => Vec::new(),
            Some(Value::Array(filters)) => filters.iter().filter_map(Value::name).collect(),
            Some(filter) => filter.name().into_iter().collect(),
        };
        match names.as_slice() {
            [] => {
                budget.spend(stream.len())?;
                Ok(Some(stream.to_vec()))
            }
            ["FlateDecode" | "Fl"] => {
                let mut unpacked = Vec::new();
                let most = u64::try_from(UNPACKED.min(budget.left)).unwrap_or(u64::MAX);
                // What a stream that is cut off gave until then is text all the same.
                let _cut_off = ZlibDecoder::new(*stream).take(most).read_to_end(&mut unpacked);
                budget.spend(unpacked.len().saturating_add(stream.len()))?;
                Ok(Some(unpacked))
            }
            _ => Ok(None),
        }
    }

    /// The pages in their order, or in the order of their numbers where the tree of pages cannot be followed.
    pub(super) fn pages(&self, budget: &mut Budget) -> Result<Vec<Page>, PdfError> {
        let root = self.numbers_of("Catalog").last().and_then(|number| self.objects.get(number));
        let tree = root.and_then(|root| root.value.dict()).and_then(|root| root.get("Pages"));
        let mut pages = Vec::new();
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<(Value, Option<Value>)> =
            tree.cloned().map(|tree| (tree, None)).into_iter().collect();
        while let Some((node, inherited)) = waiting.pop() {
            budget.spend(64)?;
            if let Value::Ref(number) = node
                && !seen.insert(number)
            {
                continue;
            }
            let Some(dict) = self.resolve(&node).dict() else { continue };
            let resources = dict.get("Resources").cloned().or(inherited);
            if let Some(Value::Array(kids)) = dict.get("Kids").map(|kids| self.resolve(kids)) {
                waiting.extend(kids.iter().rev().map(|kid| (kid.clone(), resources.clone())));
            } else {
                pages.push(Page { contents: self.contents(dict), resources });
            }
            if pages.len() > PAGES || waiting.len() > OBJECTS {
                return Err(PdfError::TooMuch);
            }
        }
        if pages.is_empty() {
            let lost = self.numbers_of("Page").into_iter().take(PAGES);
            let dicts = lost.filter_map(|number| self.objects.get(&number)?.value.dict());
            pages = dicts
                .map(|dict| Page { contents: self.contents(dict), resources: dict.get("Resources").cloned() })
                .collect();
        }
        if pages.is_empty() { Err(PdfError::Broken) } else { Ok(pages) }
    }

    fn contents(&self, page: &BTreeMap<String, Value>) -> Vec<u32> {
        let number = |value: &Value| if let Value::Ref(number) = value { Some(*number) } else { None };
        match page.get("Contents") {
            Some(Value::Ref(one)) => {
                if let Value::Array(parts) = self.resolve(&Value::Ref(*one)) {
                    parts.iter().filter_map(number).collect()
                } else {
                    vec![*one]
                }
            }
            Some(Value::Array(parts)) => parts.iter().filter_map(number).collect(),
            Some(_) | None => Vec::new(),
        }
    }

    /// A font of a page by the name that its content calls it by.
    pub(super) fn font<'b>(&'b self, page: &'b Page, name: &str) -> Option<&'b BTreeMap<String, Value>> {
        let resources = self.resolve(page.resources.as_ref()?).dict()?;
        let fonts = self.resolve(resources.get("Font")?).dict()?;
        self.resolve(fonts.get(name)?).dict()
    }
}

/// `12 0 obj`: the number, read backwards from where the word begins.
fn number_before(bytes: &[u8], at: usize) -> Option<u32> {
    let head = bytes.get(at.saturating_sub(24)..at)?;
    let text: String = head.iter().map(|byte| char::from(*byte)).collect();
    let mut words = text.rsplit(|c: char| c.is_whitespace());
    let generation = words.next()?;
    let number = words.find(|word| !word.is_empty())?;
    let digits = number.rsplit(|c: char| !c.is_ascii_digit()).next()?;
    generation.chars().all(|c| c.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// The bytes of the stream that follows a dictionary, and where it ends.
fn stream_after<'a>(
    bytes: &'a [u8],
    value: &Value,
    at: &mut usize,
    budget: &mut Budget,
) -> Result<Option<&'a [u8]>, PdfError> {
    let Some(dict) = value.dict() else { return Ok(None) };
    let mut reader = Reader::new(bytes, *at);
    if !matches!(reader.next(budget)?, Some(Value::Word(word)) if word == b"stream") {
        return Ok(None);
    }
    let mut begun = reader.at;
    for expected in [b'\r', b'\n'] {
        if bytes.get(begun) == Some(&expected) {
            begun = begun.saturating_add(1);
        }
    }
    let said = dict.get("Length").and_then(Value::index).map(|length| begun.saturating_add(length));
    let ends = |end: usize| {
        let after = bytes.get(end..).unwrap_or_default();
        after.get(..after.len().min(12)).unwrap_or_default().windows(9).any(|part| part == b"endstream")
    };
    let end = match said.filter(|end| ends(*end)) {
        Some(end) => end,
        // Where it says nothing, or something wrong, it ends where the word says so; without the word, with the file.
        None => find(bytes, begun, b"endstream", budget)?.unwrap_or(bytes.len()),
    };
    *at = end;
    Ok(bytes.get(begun..end))
}

/// A file that is encrypted says so in its last dictionary, which stands for itself or is that of a stream.
fn is_encrypted(bytes: &[u8], budget: &mut Budget) -> Result<bool, PdfError> {
    Ok(find(bytes, 0, b"/Encrypt", budget)?.is_some())
}
