//! Commands on the institutional memory. A document's text is kept in a table; the event knows its hash.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use draxis_domain::memory::{DocumentAdded, InstitutionalMemory, MediaType, MemoryCommand, NewFact};
use draxis_domain::{DocumentId, FactKey, Name, TenantId};
use draxis_event_store::{Answer, Committed, TenantTx};
use serde_json::json;

use crate::execution::{Commands, Context, Execution};
use crate::{CommandError, Guarded, Permission};

/// A document whose text has been found.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// What people call it.
    pub title: Name,
    /// What it came as.
    pub media_type: MediaType,
    /// The SHA-256 of the bytes that came.
    pub sha256: [u8; 32],
    /// Its text.
    pub text: String,
}

/// How many characters of a document's text are kept at most.
pub const LONGEST_TEXT: usize = 200_000;

impl Commands {
    /// Sets facts, or sets them anew.
    pub async fn set_facts(&self, context: &Context, facts: Vec<NewFact>) -> Result<Committed, CommandError> {
        let keys: Vec<FactKey> = facts.iter().map(|fact| fact.key.clone()).collect();
        let respond = Arc::new(move |_: &InstitutionalMemory, _: &str| {
            let body = match keys.as_slice() {
                [key] => json!({ "key": key }),
                keys => json!({ "keys": keys }),
            };
            Answer { status: 200, body: body.to_string().into_bytes(), version: None }
        });
        self.on_memory(context, MemoryCommand::SetFacts(facts), respond).await
    }

    /// Removes a fact.
    pub async fn remove_fact(&self, context: &Context, key: FactKey) -> Result<Committed, CommandError> {
        let body = json!({ "key": key }).to_string().into_bytes();
        self.on_memory(context, MemoryCommand::RemoveFact(key), answered(200, body)).await
    }

    /// Adds a document. Its text is kept before the event, so that no event speaks of a text that there is not; one that was kept
    /// for a command that was then refused is taken away again, and never shown.
    pub async fn add_document(
        &self,
        context: &Context,
        document: NewDocument,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageMemory)?;
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.answered(tenant, context).await? {
            return Ok(before);
        }
        let id = DocumentId::new(self.ids().next());
        let NewDocument { title, media_type, sha256, text } = document;
        let text: String = text.chars().filter(|c| *c != '\0').take(LONGEST_TEXT).collect();
        let characters = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        self.keep_text((tenant, id), &title, &text).await?;
        let sha256 = HEXLOWER.encode(&sha256);
        let body = json!({ "id": id, "sha256": sha256, "characters": characters }).to_string().into_bytes();
        let added = DocumentAdded { id, title, media_type, sha256, characters };
        let done = self.on_memory(context, MemoryCommand::AddDocument(added), answered(201, body)).await;
        // Refused, or answered as another request under the same key was.
        if !done.as_ref().is_ok_and(|done| !done.repeated) {
            self.forget_text((tenant, id)).await?;
        }
        done
    }

    /// Removes a document with its text.
    pub async fn remove_document(
        &self,
        context: &Context,
        id: DocumentId,
    ) -> Result<Committed, CommandError> {
        let body = json!({ "id": id }).to_string().into_bytes();
        let done = self.on_memory(context, MemoryCommand::RemoveDocument(id), answered(200, body)).await?;
        self.forget_text((context.caller.tenant()?, id)).await?;
        Ok(done)
    }

    async fn on_memory(
        &self,
        context: &Context,
        command: MemoryCommand,
        respond: crate::Responder<InstitutionalMemory>,
    ) -> Result<Committed, CommandError> {
        let id = InstitutionalMemory::ID.to_owned();
        self.on_tenant(context, Execution { id, command, respond }).await
    }

    async fn keep_text(
        &self,
        (tenant, id): (TenantId, DocumentId),
        title: &Name,
        text: &str,
    ) -> Result<(), CommandError> {
        let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
        sqlx::query!(
            "INSERT INTO memory_documents (tenant_id, document_id, title, body) VALUES ($1, $2, $3, $4)",
            tenant.uuid(),
            id.uuid(),
            title.as_str(),
            text
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn forget_text(&self, (tenant, id): (TenantId, DocumentId)) -> Result<(), CommandError> {
        let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
        sqlx::query!(
            "DELETE FROM memory_documents WHERE tenant_id = $1 AND document_id = $2",
            tenant.uuid(),
            id.uuid()
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}

fn answered(status: u16, body: Vec<u8>) -> crate::Responder<InstitutionalMemory> {
    Arc::new(move |_: &InstitutionalMemory, _: &str| Answer { status, body: body.clone(), version: None })
}

impl Guarded for MemoryCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::SetFacts(_) | Self::RemoveFact(_) | Self::AddDocument(_) | Self::RemoveDocument(_) => {
                Permission::ManageMemory
            }
        }
    }
}
