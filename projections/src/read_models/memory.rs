//! Questions about what is remembered: facts, documents, and what has to do with some words.

use draxis_domain::{DocumentId, FactKey, Name, Position, TenantId};
use draxis_event_store::TenantTx;
use serde::Serialize;

use crate::error::ReadError;
use crate::institutional_memory::{
    self as rows, DOCUMENTS, DocumentRow, FACTS, FactRow, MemoryRow, MemoryRows, document_key, fact_key,
};
use crate::page::{Page, PageOf};
use crate::projection::Projection;
use crate::read_models::ReadModels;
use crate::reading::{Ask, List, Order};
use crate::store::Range;

/// How many facts there are at most (`InstitutionalMemory::FACTS`), and a few that raced.
const ALL_FACTS: usize = 1_100;

/// What was found for some words.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundInMemory {
    /// Facts, the nearest first.
    pub facts: Vec<FactRow>,
    /// Passages of documents, the nearest first.
    pub documents: Vec<FoundDocument>,
}

/// A document in which something was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FoundDocument {
    /// The document.
    #[serde(flatten)]
    pub document: DocumentRow,
    /// What stands there.
    pub passage: String,
}

/// Whether all of the words are to be found, or any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words<'a> {
    /// As people search: all of them, `"…"` for a phrase, `or`, `-` for what is not to be there.
    Searched(&'a str),
    /// Any of those that say something: for a question.
    Any(&'a str),
}

impl Words<'_> {
    /// As `websearch_to_tsquery` reads it, which takes any text.
    fn query(self) -> String {
        match self {
            Self::Searched(words) => words.to_owned(),
            Self::Any(words) => words
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("or"))
                .take(40)
                .collect::<Vec<_>>()
                .join(" or "),
        }
    }
}

impl ReadModels {
    /// Facts in the order of their keys.
    pub async fn list_facts(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<FactRow>, ReadError> {
        let limit = page.bounded();
        let mut range = Range::under(FACTS);
        if let Some(cursor) = &page.cursor {
            if cursor.is_empty() || cursor.len() > 800 || !cursor.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(ReadError::Cursor);
            }
            range.after = format!("{FACTS}{cursor}");
        }
        let ask = Ask::Ascending(&range, limit.saturating_add(1));
        let found = self.live.read::<MemoryRows>(tenant, at_least, ask).await?;
        let facts = found
            .rows
            .into_iter()
            .filter_map(|(_, row)| fact(row))
            .map(|fact| (rows::encoded(&fact.key), fact));
        Ok(Page::cut(facts.collect(), limit, found.position))
    }

    /// Every fact there is.
    pub async fn all_facts(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
    ) -> Result<Vec<FactRow>, ReadError> {
        let range = Range::under(FACTS);
        let found = self.live.read::<MemoryRows>(tenant, at_least, Ask::Ascending(&range, ALL_FACTS)).await?;
        Ok(found.rows.into_iter().filter_map(|(_, row)| fact(row)).collect())
    }

    /// A fact.
    pub async fn find_fact(
        &self,
        tenant: TenantId,
        key: &FactKey,
        at_least: Option<Position>,
    ) -> Result<Option<FactRow>, ReadError> {
        Ok(self.live.find::<MemoryRows>(tenant, at_least, fact_key(key)).await?.and_then(fact))
    }

    /// Documents, oldest first, without their texts.
    pub async fn list_documents(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        page: &PageOf,
    ) -> Result<Page<DocumentRow>, ReadError> {
        let list = List { prefix: DOCUMENTS, order: Order::OldestFirst, page };
        self.live.page::<MemoryRows, _>(tenant, at_least, list, document).await
    }

    /// A document with its text.
    pub async fn find_document(
        &self,
        tenant: TenantId,
        id: DocumentId,
        at_least: Option<Position>,
    ) -> Result<Option<(DocumentRow, String)>, ReadError> {
        let row = self.live.find::<MemoryRows>(tenant, at_least, document_key(id)).await?.and_then(document);
        let Some(row) = row else { return Ok(None) };
        let mut transaction = TenantTx::begin(self.pool(), tenant).await?;
        let text = sqlx::query_scalar!(
            "SELECT body FROM memory_documents WHERE tenant_id = $1 AND document_id = $2",
            tenant.uuid(),
            id.uuid()
        )
        .fetch_optional(&mut *transaction)
        .await?;
        Ok(text.map(|text| (row, text)))
    }

    /// What has to do with some words.
    pub async fn search_memory(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        words: Words<'_>,
        limit: usize,
    ) -> Result<FoundInMemory, ReadError> {
        // Whatever was written before the question is looked through.
        let known = self.all_facts(tenant, at_least).await?;
        let (query, limit) = (words.query(), i64::try_from(limit.min(50)).unwrap_or(50));
        let facts = self.facts_for(tenant, &query, limit).await?;
        let facts = facts.iter().filter_map(|key| known.iter().find(|fact| fact_key(&fact.key) == *key));
        let facts = facts.cloned().collect();
        let documents = self.passages_for(tenant, at_least, &query, limit).await?;
        Ok(FoundInMemory { facts, documents })
    }

    async fn facts_for(&self, tenant: TenantId, query: &str, limit: i64) -> Result<Vec<String>, ReadError> {
        let mut transaction = TenantTx::begin(self.pool(), tenant).await?;
        // A key such as `insurance.limit` is two words, not a host.
        let keys = sqlx::query_scalar!(
            r#"SELECT r.key AS "key!" FROM projection_checkpoints AS s
               JOIN institutional_memory AS r ON r.tenant_id = $1 AND r.generation = s.generation
               CROSS JOIN websearch_to_tsquery('english', $3) AS q
               CROSS JOIN LATERAL to_tsvector('english', translate(r.body -> 'fact' ->> 'key', '._-/', '    ') || ' '
                                                         || (r.body -> 'fact' ->> 'value')) AS words
               WHERE s.tenant_id = $1 AND s.projection = $2 AND s.serving
                 AND r.key > 'fact/' AND r.key < 'fact/~' AND words @@ q
               ORDER BY ts_rank(words, q) DESC, r.key LIMIT $4"#,
            tenant.uuid(),
            MemoryRows::TABLE.name(),
            query,
            limit
        )
        .fetch_all(&mut *transaction)
        .await?;
        Ok(keys)
    }

    async fn passages_for(
        &self,
        tenant: TenantId,
        at_least: Option<Position>,
        query: &str,
        limit: i64,
    ) -> Result<Vec<FoundDocument>, ReadError> {
        let mut transaction = TenantTx::begin(self.pool(), tenant).await?;
        let passages = sqlx::query!(
            r#"SELECT d.document_id, ts_headline('english', d.body, q,
                   'StartSel="", StopSel="", MaxFragments=2, MaxWords=60, MinWords=20, FragmentDelimiter=" … "') AS "passage!"
               FROM memory_documents AS d CROSS JOIN websearch_to_tsquery('english', $2) AS q
               WHERE d.tenant_id = $1 AND d.search @@ q
               ORDER BY ts_rank(d.search, q) DESC, d.document_id LIMIT $3"#,
            tenant.uuid(),
            query,
            limit
        )
        .fetch_all(&mut *transaction)
        .await?;
        drop(transaction);
        let ids: Vec<DocumentId> = passages.iter().map(|found| DocumentId::from(found.document_id)).collect();
        let keys: Vec<String> = ids.iter().map(|id| document_key(*id)).collect();
        // A text that no event speaks of was left by a command that was refused.
        let known = self.live.read::<MemoryRows>(tenant, at_least, Ask::Named(&keys)).await?.rows;
        let known: Vec<DocumentRow> = known.into_iter().filter_map(|(_, row)| document(row)).collect();
        let found = ids.into_iter().zip(passages).filter_map(|(id, found)| {
            let document = known.iter().find(|document| document.id == id)?.clone();
            Some(FoundDocument { document, passage: found.passage })
        });
        Ok(found.collect())
    }
}

fn fact(row: MemoryRow) -> Option<FactRow> {
    if let MemoryRow::Fact(fact) = row { Some(*fact) } else { None }
}

fn document(row: MemoryRow) -> Option<DocumentRow> {
    if let MemoryRow::Document(document) = row { Some(*document) } else { None }
}

/// A passage of a document as the panel sees it.
impl From<FoundDocument> for draxis_domain::panel::DocumentLine {
    fn from(found: FoundDocument) -> Self {
        let title: Name = found.document.title;
        Self { id: found.document.id, title, passage: found.passage }
    }
}
