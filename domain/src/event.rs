//! Events: what each aggregate's events are called on the wire, and how a recorded one is read back.

use chrono::{DateTime, Utc};

use crate::{EventId, Metadata, Position, Sequence};

/// Why a stored event could not be read: always our fault, never the caller's.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// A type this program does not know; it was written by a newer one.
    #[error("event type {event_type} version {version} is not known to this program: run a newer draxis")]
    Unknown {
        /// The wire name.
        event_type: String,
        /// The payload's version.
        version: u16,
    },
    /// The payload does not fit its type.
    #[error("the payload of {event_type} version {version} does not fit its type")]
    Payload {
        /// The wire name.
        event_type: String,
        /// The payload's version.
        version: u16,
        /// What did not fit.
        source: serde_json::Error,
    },
}

/// The closed set of events of one aggregate.
pub trait EventSet: Sized {
    /// Every wire name with the payload version written today.
    const TYPES: &'static [(&'static str, u16)];

    /// What each of them means, in the same order.
    const MEANINGS: &'static [EventMeaning];

    /// The wire name, fixed for ever.
    fn wire_type(&self) -> &'static str;

    /// The payload version written today.
    fn wire_version(&self) -> u16;

    /// The payload as JSON text: exactly what is stored and hashed.
    fn payload(&self) -> Result<String, serde_json::Error>;

    /// Reads a stored event, lifting an older payload to today's version.
    fn decode(event_type: &str, version: u16, payload: &str) -> Result<Self, DecodeError>;
}

/// What a type of event means, for whoever reads a stream without this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventMeaning {
    /// The wire name.
    pub event_type: &'static str,
    /// The payload's version.
    pub version: u16,
    /// What has happened, in words.
    pub words: &'static str,
    /// A record with every field of the payload filled in, as it is kept for ever in `fixtures/events/`.
    pub sample: &'static str,
}

/// An event as it stands in a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded<E> {
    /// Its place in the stream.
    pub position: Position,
    /// Its own id.
    pub event_id: EventId,
    /// The id of the aggregate it belongs to.
    pub aggregate_id: String,
    /// Its place in that aggregate.
    pub sequence: Sequence,
    /// When it was recorded; never falls within a stream.
    pub recorded_at: DateTime<Utc>,
    /// Who, why and because of what.
    pub metadata: Metadata,
    /// What happened.
    pub event: E,
}

/// Declares the events of one aggregate: the enum, its wire names and versions, and reading it back.
///
/// The serde form of the enum is cqrs-es's own (`{"kri.defined": {…}}`); what is stored is the payload alone, with the
/// name in its column.
macro_rules! events {
    ($(#[$doc:meta])* pub enum $name:ident {
        $($(#[doc = $words:literal])* $variant:ident($body:ty) = $wire:literal v $version:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[doc = $words])* #[serde(rename = $wire)] $variant($body)),+
        }

        impl $crate::EventSet for $name {
            const TYPES: &'static [(&'static str, u16)] = &[$(($wire, $version)),+];

            const MEANINGS: &'static [$crate::EventMeaning] = &[$($crate::EventMeaning {
                event_type: $wire,
                version: $version,
                words: concat!($($words),*),
                sample: include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"), "/../fixtures/events/", $wire, ".v", $version, ".json"
                )),
            }),+];

            fn wire_type(&self) -> &'static str {
                match self { $(Self::$variant(_) => $wire),+ }
            }

            fn wire_version(&self) -> u16 {
                match self { $(Self::$variant(_) => $version),+ }
            }

            fn payload(&self) -> Result<String, serde_json::Error> {
                match self { $(Self::$variant(body) => serde_json::to_string(body)),+ }
            }

            fn decode(event_type: &str, version: u16, payload: &str) -> Result<Self, $crate::DecodeError> {
                match event_type {
                    $($wire => $crate::event::read_payload($wire, version, $version, payload).map(Self::$variant),)+
                    _ => Err($crate::DecodeError::Unknown { event_type: event_type.to_owned(), version }),
                }
            }
        }

        impl cqrs_es::DomainEvent for $name {
            fn event_type(&self) -> String {
                $crate::EventSet::wire_type(self).to_owned()
            }

            fn event_version(&self) -> String {
                $crate::EventSet::wire_version(self).to_string()
            }
        }
    };
}

/// Reads one payload; an older version is lifted step by step first (design.md section 3, versions of events).
pub(crate) fn read_payload<T: serde::de::DeserializeOwned>(
    event_type: &'static str,
    version: u16,
    today: u16,
    payload: &str,
) -> Result<T, DecodeError> {
    let misfit = |source| DecodeError::Payload { event_type: event_type.to_owned(), version, source };
    if version == today {
        return serde_json::from_str(payload).map_err(misfit);
    }
    if version == 0 || version > today {
        return Err(DecodeError::Unknown { event_type: event_type.to_owned(), version });
    }
    let mut value = serde_json::from_str(payload).map_err(misfit)?;
    for from in version..today {
        value = crate::upcast::lift(event_type, from, value);
    }
    serde_json::from_value(value).map_err(misfit)
}
