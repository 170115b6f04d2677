//! Exporting a stretch of a stream: as the records themselves, as `CloudEvents`, or as a bundle that proves itself.
//!
//! Everything is read back and hashed again on its way out: what is not what was recorded is not handed out, and an export that
//! cannot be finished ends with an error, never as a shorter file.

mod bundle;
mod cloud_event;
mod definitions;

use std::str::FromStr;

use draxis_domain::{Position, TenantId};
use draxis_event_store::{EventFilter, StoredEvent, Stretch, StretchReader, TenantTx, as_hash, last_before};
use draxis_proof::tree::leaf_hash;

use crate::sealing::export::bundle::Bundling;
use crate::sealing::{SealError, SealedTree, Sealing};

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A record a line, in exactly the bytes that were hashed.
    Ndjson,
    /// A JSON array of `CloudEvents` 1.0.
    CloudEvents,
    /// One file that proves itself (`FORMAT.md`).
    Bundle,
}

/// A text that names no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be ndjson, cloudevents or bundle")]
pub struct ExportFormatError;

impl FromStr for ExportFormat {
    type Err = ExportFormatError;

    fn from_str(text: &str) -> Result<Self, ExportFormatError> {
        match text {
            "ndjson" => Ok(Self::Ndjson),
            "cloudevents" => Ok(Self::CloudEvents),
            "bundle" => Ok(Self::Bundle),
            _ => Err(ExportFormatError),
        }
    }
}

impl ExportFormat {
    /// The name it is asked for by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::CloudEvents => "cloudevents",
            Self::Bundle => "bundle",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::CloudEvents => "application/cloudevents-batch+json",
            Self::Bundle => "application/x-tar",
        }
    }

    /// What files of it end in.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::CloudEvents => "json",
            Self::Bundle => "tar",
        }
    }
}

/// Which events to export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Events after this position; where an export that broke off goes on.
    pub after: Position,
    /// The rest of what was asked for.
    pub filter: EventFilter,
}

/// What to export.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    /// Whose stream.
    pub tenant: TenantId,
    /// Which events of it.
    pub selection: Selection,
    /// In which form.
    pub format: ExportFormat,
}

/// An export under way: chunks of bytes, in constant memory.
pub struct Export {
    tenant: TenantId,
    until: Position,
    reader: StretchReader,
    form: Form,
}

enum Form {
    Lines,
    CloudEvents(cloud_event::Array),
    Bundle(Box<Bundling>),
    Ended,
}

impl Sealing {
    /// Begins an export. The stream is sealed first, so that what is handed out has a checkpoint; what is appended from then
    /// on is not part of it.
    pub async fn export(&self, request: ExportRequest) -> Result<Export, SealError> {
        let ExportRequest { tenant, selection, format } = request;
        let sealed = self.seal(tenant).await?;
        let stretch = self.stretch(tenant, &selection, &sealed).await?;
        let until = stretch.until;
        let form = match format {
            ExportFormat::Ndjson => Form::Lines,
            ExportFormat::CloudEvents => Form::CloudEvents(cloud_event::Array::default()),
            ExportFormat::Bundle => Form::Bundle(Box::new(self.begin_bundle(&stretch, sealed).await?)),
        };
        let reader = stretch.read(&self.office.pools.app);
        Ok(Export { tenant, until, reader, form })
    }

    /// The positions that a selection means. Times never fall within a stream, so that limits of time are limits of position.
    async fn stretch(
        &self,
        tenant: TenantId,
        selection: &Selection,
        sealed: &SealedTree,
    ) -> Result<Stretch, SealError> {
        let head = Position::new(sealed.checkpoint.size());
        let Selection { mut after, filter } = selection.clone();
        let mut until = filter.until.map_or(head, |until| until.min(head));
        let mut transaction = TenantTx::begin(&self.office.pools.app, tenant).await?;
        if let Some(time) = filter.from_time {
            after = after.max(last_before(&mut transaction, time, head).await?);
        }
        if let Some(time) = filter.to_time {
            until = until.min(last_before(&mut transaction, time, head).await?);
        }
        drop(transaction);
        let filter = EventFilter { until: None, from_time: None, to_time: None, ..filter };
        Ok(Stretch { tenant, after: after.min(until), until, filter })
    }
}

impl Export {
    /// The last position that it covers.
    pub const fn until(&self) -> Position {
        self.until
    }

    /// The next bytes; `None` once the export is whole.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, SealError> {
        loop {
            if matches!(self.form, Form::Ended) {
                return Ok(None);
            }
            let bytes = match self.reader.next().await? {
                Some(events) => self.render(&events).await?,
                None => self.end()?,
            };
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }

    async fn render(&mut self, events: &[StoredEvent]) -> Result<Vec<u8>, SealError> {
        let mut out = Vec::new();
        for event in events {
            let altered = || SealError::Altered { tenant: self.tenant, position: event.position };
            let fields = event.fields(self.tenant).ok_or_else(altered)?;
            let begin = out.len();
            fields.write_to(&mut out).map_err(|_unwritable| altered())?;
            let record = out.get(begin..).unwrap_or_default();
            if as_hash(&event.leaf_hash) != Some(leaf_hash(record)) {
                return Err(altered());
            }
            match &mut self.form {
                Form::Lines => out.push(b'\n'),
                Form::CloudEvents(array) => {
                    out.truncate(begin);
                    array.push(&mut out, self.tenant, event)?;
                }
                Form::Bundle(bundle) => {
                    out.truncate(begin);
                    bundle.push(&fields).await?;
                }
                Form::Ended => {}
            }
        }
        if let Form::Bundle(bundle) = &mut self.form {
            return Ok(bundle.written());
        }
        Ok(out)
    }

    fn end(&mut self) -> Result<Vec<u8>, SealError> {
        match std::mem::replace(&mut self.form, Form::Ended) {
            Form::Lines | Form::Ended => Ok(Vec::new()),
            Form::CloudEvents(array) => Ok(array.end()),
            Form::Bundle(bundle) => bundle.end(),
        }
    }
}
