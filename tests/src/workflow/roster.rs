//! Who the members of a tenant are is kept in mind, and never longer than it is true.

use draxis_commands::secret::EncryptionKeys;
use serde_json::Value;

use crate::house::{TestDatabase, Web};

async fn members(web: &Web, tenant: &str) -> usize {
    let facts = web.app.commands.workflow_facts(tenant.parse().unwrap(), &Value::Null).await.unwrap();
    facts.accounts.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_joins_a_tenant_is_a_member_at_once_in_every_process() {
    let database = TestDatabase::with_connections(20).await;
    let keys = EncryptionKeys::generate().unwrap().to_text();
    let start = async || Web::with_keys(&database, EncryptionKeys::parse(&keys).unwrap()).await;
    let (web, other) = (start().await, start().await);
    let root = web.register().await;
    let (tenant, above) = web.tenant(&root, "acme-corp").await;
    let before = members(&web, &tenant).await;
    assert_eq!(members(&other, &tenant).await, before);
    for (joined, name) in (1..).zip(["ann", "ben"]) {
        web.join(&above, (&tenant, "tenant_user", name)).await;
        for process in [&web, &other, &web, &other] {
            assert_eq!(members(process, &tenant).await, before + joined);
        }
    }
    web.stop().await;
    other.stop().await;
}
