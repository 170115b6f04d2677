//! The manifest: what a bundle says it is, before it shows anything.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{MAX_ENTRY_BYTES, MIN_CHUNK_BYTES};
use crate::checkpoint::Origin;
use crate::record::{UtcMicros, push_json_string};
use crate::tree::MAX_SIZE;

/// How every manifest of this format begins; a file that does not is no bundle.
pub(super) const MARK: &[u8] = b"{\"format\":\"draxis-bundle/1\",";

/// What a bundle shows of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every record from one position to another.
    Range,
    /// Some of the records between two positions, without showing the rest.
    Part {
        /// Which ones, as JSON text in the exporter's own words; signed, but not interpreted.
        selection: String,
        /// Whether all events of each aggregate that is shown are shown, so that their sequences have no gap.
        whole_aggregates: bool,
    },
}

/// What a bundle says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Which stream.
    pub origin: Origin,
    /// All or a part of it.
    pub scope: Scope,
    /// The first position asked for, from 1.
    pub from: u64,
    /// The last position asked for; one less than `from` when there is nothing.
    pub to: u64,
    /// The size of the checkpoint that everything is proved against.
    pub checkpoint: u64,
    /// The bound of this bundle's chunks.
    pub chunk_bytes: usize,
    /// When it was made.
    pub exported_at: UtcMicros,
}

/// A manifest that no bundle can have.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON with exactly the fields of a manifest.
    #[error("the manifest is not one JSON object with exactly the fields of a manifest")]
    Shape(#[source] serde_json::Error),
    /// A field has no sensible value.
    #[error("the manifest's {0} has no possible value")]
    Field(&'static str),
    /// `1 <= from <= to + 1` and `to <= checkpoint`, and nothing at all only in an empty stream.
    #[error(
        "the manifest's from, to and checkpoint do not fit together: ask for positions the checkpoint covers"
    )]
    Positions,
    /// The fields are right but written in another way.
    #[error("the manifest is not written in its one canonical form")]
    NotCanonical,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Shape<'a> {
    #[serde(rename = "format")]
    _format: &'a str,
    origin: &'a str,
    kind: &'a str,
    from: u64,
    to: u64,
    checkpoint: u64,
    whole_aggregates: bool,
    chunk_bytes: usize,
    exported_at: &'a str,
    #[serde(borrow)]
    selection: &'a RawValue,
}

impl Manifest {
    /// Reads a manifest; only its one canonical spelling.
    pub fn parse(content: &[u8]) -> Result<Self, ManifestError> {
        let shape: Shape<'_> = serde_json::from_slice(content).map_err(ManifestError::Shape)?;
        let selection = shape.selection.get().to_owned();
        let manifest = Self {
            origin: Origin::parse(shape.origin).map_err(|_not_an_origin| ManifestError::Field("origin"))?,
            scope: match shape.kind {
                "range" => Scope::Range,
                "part" => Scope::Part { selection, whole_aggregates: shape.whole_aggregates },
                _ => return Err(ManifestError::Field("kind")),
            },
            from: shape.from,
            to: shape.to,
            checkpoint: shape.checkpoint,
            chunk_bytes: shape.chunk_bytes,
            exported_at: UtcMicros::parse(shape.exported_at)
                .map_err(|_not_a_time| ManifestError::Field("exportedAt"))?,
        };
        manifest.check()?;
        let one_line = content.iter().all(|byte| *byte >= 0x20);
        if one_line && manifest.render() == content { Ok(manifest) } else { Err(ManifestError::NotCanonical) }
    }

    /// The canonical bytes.
    pub fn render(&self) -> Vec<u8> {
        let (whole_aggregates, selection) = match &self.scope {
            Scope::Range => (false, "null"),
            Scope::Part { selection, whole_aggregates } => (*whole_aggregates, selection.as_str()),
        };
        let mut out = MARK.to_vec();
        out.extend_from_slice(b"\"origin\":");
        push_json_string(&mut out, &self.origin.to_string());
        let rest = format!(
            ",\"kind\":\"{}\",\"from\":{},\"to\":{},\"checkpoint\":{},\"wholeAggregates\":{whole_aggregates},\
             \"chunkBytes\":{},\"exportedAt\":\"{}\",\"selection\":{selection}}}",
            self.kind(),
            self.from,
            self.to,
            self.checkpoint,
            self.chunk_bytes,
            self.exported_at,
        );
        out.extend_from_slice(rest.as_bytes());
        out
    }

    /// `range` or `part`.
    pub const fn kind(&self) -> &'static str {
        match self.scope {
            Scope::Range => "range",
            Scope::Part { .. } => "part",
        }
    }

    /// The sizes at which the stream's root must be known, one proof between each two: the checkpoints', and `to`.
    pub(super) fn linked_sizes(&self, checkpoints: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let mut sizes: Vec<u64> = checkpoints.into_iter().collect();
        if self.scope == Scope::Range {
            sizes.push(self.to);
        }
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    fn check(&self) -> Result<(), ManifestError> {
        if !(MIN_CHUNK_BYTES..=MAX_ENTRY_BYTES).contains(&self.chunk_bytes) {
            return Err(ManifestError::Field("chunkBytes"));
        }
        let Some(before) = self.from.checked_sub(1) else { return Err(ManifestError::Positions) };
        // An empty tree is the beginning of every tree and has no proof of it, so it is shown only as itself.
        let empty_of_more = self.scope == Scope::Range && self.to == 0 && self.checkpoint != 0;
        if before > self.to || self.to > self.checkpoint || self.checkpoint > MAX_SIZE || empty_of_more {
            return Err(ManifestError::Positions);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Manifest {
        Manifest {
            origin: Origin::parse("draxis/01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap(),
            scope: Scope::Part { selection: r#"{"kri":"a b"}"#.to_owned(), whole_aggregates: true },
            from: 1,
            to: 64,
            checkpoint: 70,
            chunk_bytes: MAX_ENTRY_BYTES,
            exported_at: UtcMicros::parse("2026-11-21T22:00:00.123456Z").unwrap(),
        }
    }

    #[test]
    fn a_manifest_is_exactly_these_bytes() {
        let expected = concat!(
            r#"{"format":"draxis-bundle/1","origin":"draxis/01ARZ3NDEKTSV4RRFFQ69G5FAV","kind":"part","from":1,"#,
            r#""to":64,"checkpoint":70,"wholeAggregates":true,"chunkBytes":4194304,"#,
            r#""exportedAt":"2026-11-21T22:00:00.123456Z","selection":{"kri":"a b"}}"#
        );
        assert_eq!(String::from_utf8(sample().render()).unwrap(), expected);
        assert_eq!(Manifest::parse(expected.as_bytes()).unwrap(), sample());
    }

    #[test]
    fn manifests_that_no_bundle_can_have_are_refused() {
        let good = String::from_utf8(sample().render()).unwrap();
        for (from, to) in [
            ("\"from\":1", "\"from\":0"),
            ("\"from\":1", "\"from\":66"),
            ("\"to\":64", "\"to\":71"),
            ("\"checkpoint\":70", "\"checkpoint\":9223372036854775808"),
            ("\"part\"", "\"half\""),
            ("\"part\"", "\"range\""),
            ("4194304", "4194305"),
            ("4194304", "4095"),
            (".123456Z", "Z"),
            ("{\"kri", " {\"kri"),
            ("{\"kri", "{\n\"kri"),
            ("draxis-bundle/1", "draxis-bundle/2"),
            ("\"from\":1,", ""),
            ("\"from\":1,", "\"from\":1,\"more\":1,"),
            ("draxis/01", "01"),
        ] {
            let changed = good.replacen(from, to, 1);
            assert_ne!(changed, good);
            assert!(Manifest::parse(changed.as_bytes()).is_err(), "{changed}");
        }
    }

    #[test]
    fn a_range_of_nothing_is_only_shown_of_an_empty_stream() {
        let nothing = Manifest { scope: Scope::Range, from: 1, to: 0, checkpoint: 0, ..sample() };
        assert_eq!(Manifest::parse(&nothing.render()).unwrap(), nothing);
        let of_more = Manifest { checkpoint: 1, ..nothing };
        assert!(Manifest::parse(&of_more.render()).is_err());
    }
}
