//! Every right that is granted in the schema, as a list that is committed: a new right is a line in a review.

use sqlx::{Executor, Row};

use crate::house::TestDatabase;

const GRANTS: &str = "
    SELECT g.grantee::regrole || ': ' || c.relname || ' ' || string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type)
    FROM pg_class AS c, aclexplode(c.relacl) AS g
    WHERE c.relnamespace = 'public'::regnamespace AND g.grantee <> c.relowner
    GROUP BY g.grantee, c.relname
    UNION ALL
    SELECT g.grantee::regrole || ': ' || c.relname || '.' || a.attname || ' ' || g.privilege_type
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid, aclexplode(a.attacl) AS g
    WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT g.grantee::regrole || ': ' || p.oid::regprocedure || ' ' || g.privilege_type
    FROM pg_proc AS p, aclexplode(p.proacl) AS g
    WHERE p.pronamespace = 'public'::regnamespace AND g.grantee <> p.proowner
    UNION ALL
    SELECT 'by default, ' || g.grantee::regrole || ': ' || d.defaclobjtype::text || ' ' || g.privilege_type
    FROM pg_default_acl AS d, aclexplode(d.defaclacl) AS g
    ORDER BY 1";

#[tokio::test]
async fn no_right_is_granted_beyond_this_list() {
    let database = TestDatabase::make().await;
    let rows = database.superuser().await.fetch_all(GRANTS).await.unwrap();
    let grants: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    insta::assert_snapshot!(grants.join("\n"));
}
