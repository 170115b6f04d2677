//! Documents that runs have written, kept once under the hash of their bytes.

use draxis_domain::TenantId;
use draxis_event_store::TenantTx;

use crate::CommandError;
use crate::execution::Commands;

/// A document as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducedDocument {
    /// The SHA-256 of its bytes, in hexadecimal.
    pub hash: String,
    /// What it is, as `Content-Type`.
    pub media_type: String,
    /// What its file is called.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Commands {
    /// Keeps documents; one that is kept already stays as it is. They are durable once the event that names them is: that commits
    /// later, to the same log of the server, and waits for the disk.
    pub async fn keep_documents(
        &self,
        tenant: TenantId,
        documents: Vec<ProducedDocument>,
    ) -> Result<(), CommandError> {
        let (mut hashes, mut media_types, mut names, mut bytes) = (vec![], vec![], vec![], vec![]);
        for document in documents {
            hashes.push(document.hash);
            media_types.push(document.media_type);
            names.push(document.name);
            bytes.push(document.bytes);
        }
        let mut transaction = TenantTx::begin_rebuildable(&self.pools().app, tenant).await?;
        sqlx::query!(
            "INSERT INTO produced_documents (tenant_id, hash, media_type, name, bytes)
             SELECT $1, d.hash, d.media_type, d.name, d.bytes
             FROM unnest($2::text[], $3::text[], $4::text[], $5::bytea[]) AS d (hash, media_type, name, bytes)
             ON CONFLICT ON CONSTRAINT produced_documents_pk DO NOTHING",
            tenant.uuid(),
            &hashes,
            &media_types,
            &names,
            &bytes
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The document of that hash.
    pub async fn find_document(
        &self,
        tenant: TenantId,
        hash: &str,
    ) -> Result<Option<ProducedDocument>, CommandError> {
        let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
        let document = sqlx::query_as!(
            ProducedDocument,
            "SELECT hash, media_type, name, bytes FROM produced_documents WHERE tenant_id = $1 AND hash = $2",
            tenant.uuid(),
            hash
        )
        .fetch_optional(&mut *transaction)
        .await?;
        Ok(document)
    }
}
