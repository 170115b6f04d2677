//! A judged batch as columns: the form in which one statement takes all of its rows.

use chrono::{DateTime, Utc};
use draxis_domain::TenantId;
use sqlx::types::Uuid;

use crate::writer::judge::{EventRow, Head, ReceiptRow, Standing};

/// Streams and where they are to stand.
#[derive(Default)]
pub(super) struct HeadColumns {
    pub(super) tenants: Vec<Uuid>,
    pub(super) positions: Vec<i64>,
    pub(super) times: Vec<DateTime<Utc>>,
}

impl HeadColumns {
    pub(super) fn of<'a>(heads: impl IntoIterator<Item = (&'a TenantId, &'a Head)>) -> Self {
        let mut columns = Self::default();
        for (tenant, head) in heads {
            columns.tenants.push(tenant.uuid());
            columns.positions.push(head.position.as_i64());
            columns.times.push(head.recorded_at);
        }
        columns
    }
}

/// Callers' keys.
#[derive(Default)]
pub(super) struct KeyColumns {
    pub(super) tenants: Vec<Uuid>,
    pub(super) callers: Vec<String>,
    pub(super) keys: Vec<String>,
}

/// Events.
pub(super) struct EventColumns<'a> {
    pub(super) tenants: Vec<Uuid>,
    pub(super) positions: Vec<i64>,
    pub(super) ids: Vec<String>,
    pub(super) aggregate_types: Vec<&'a str>,
    pub(super) aggregate_ids: Vec<&'a str>,
    pub(super) sequences: Vec<i64>,
    pub(super) types: Vec<&'a str>,
    pub(super) versions: Vec<i32>,
    pub(super) payloads: Vec<&'a str>,
    pub(super) metadatas: Vec<&'a str>,
    pub(super) times: Vec<DateTime<Utc>>,
    pub(super) leaf_hashes: Vec<&'a [u8]>,
}

impl<'a> EventColumns<'a> {
    pub(super) fn of(rows: &'a [EventRow]) -> Self {
        Self {
            tenants: rows.iter().map(|row| row.tenant.uuid()).collect(),
            positions: rows.iter().map(|row| row.position.as_i64()).collect(),
            ids: rows.iter().map(|row| row.event_id.to_string()).collect(),
            aggregate_types: rows.iter().map(|row| row.aggregate_type).collect(),
            aggregate_ids: rows.iter().map(|row| row.aggregate_id.as_str()).collect(),
            sequences: rows.iter().map(|row| row.sequence.as_i64()).collect(),
            types: rows.iter().map(|row| row.event_type).collect(),
            versions: rows.iter().map(|row| i32::from(row.version)).collect(),
            payloads: rows.iter().map(|row| row.payload.as_str()).collect(),
            metadatas: rows.iter().map(|row| row.metadata.as_str()).collect(),
            times: rows.iter().map(|row| row.recorded_at).collect(),
            leaf_hashes: rows.iter().map(|row| row.leaf_hash.as_slice()).collect(),
        }
    }
}

/// Receipts.
pub(super) struct ReceiptColumns<'a> {
    pub(super) tenants: Vec<Uuid>,
    pub(super) callers: Vec<&'a str>,
    pub(super) keys: Vec<&'a str>,
    pub(super) request_hashes: Vec<&'a [u8]>,
    pub(super) statuses: Vec<i16>,
    pub(super) answers: Vec<&'a [u8]>,
    pub(super) versions: Vec<Option<i64>>,
    pub(super) positions: Vec<i64>,
    pub(super) times: Vec<DateTime<Utc>>,
}

impl<'a> ReceiptColumns<'a> {
    pub(super) fn of(rows: &'a [ReceiptRow], standing: &Standing) -> Self {
        let recorded_at =
            |tenant: TenantId| standing.heads.get(&tenant).map(|head| head.recorded_at).unwrap_or_default();
        let answers = || rows.iter().map(|row| &row.receipt.answer);
        Self {
            tenants: rows.iter().map(|row| row.tenant.uuid()).collect(),
            callers: rows.iter().map(|row| row.receipt.caller.as_str()).collect(),
            keys: rows.iter().map(|row| row.receipt.key.as_str()).collect(),
            request_hashes: rows.iter().map(|row| row.receipt.request.0.as_slice()).collect(),
            statuses: answers().map(|answer| i16::try_from(answer.status).unwrap_or(500)).collect(),
            answers: answers().map(|answer| answer.body.as_slice()).collect(),
            versions: answers()
                .map(|answer| answer.version.and_then(|version| i64::try_from(version).ok()))
                .collect(),
            positions: rows.iter().map(|row| row.position.as_i64()).collect(),
            times: rows.iter().map(|row| recorded_at(row.tenant)).collect(),
        }
    }
}
