//! A page that is copied out: the same events as by any other way, and nothing left on the wire where the reader turns away.

use draxis_domain::{Position, TenantId};
use draxis_event_store::{Page, StoredEvent, TenantTx, head, read_page};
use sqlx::PgPool;

use crate::house::{Fitting, Process, TestDatabase, edits, new_tenant, sound_stream};

const EVENTS: u64 = 3_000;

async fn page(pool: &PgPool, tenant: TenantId, limit: u32) -> Result<Page, sqlx::Error> {
    let mut transaction = TenantTx::begin(pool, tenant).await?;
    read_page(&mut transaction, (Position::new(10), Position::new(EVENTS - 10)), limit).await
}

#[tokio::test]
async fn rows_copied_and_rows_asked_for_are_the_same_events() {
    let database = TestDatabase::make().await;
    let process = Process::start(&database).await;
    let tenant = new_tenant();
    process.writer.append(edits(tenant, "of \u{e9}\u{1f980}", 0, EVENTS)).await.unwrap();
    let stream = sound_stream(&process.pools.app, tenant).await;
    let wanted = stream.get(10..usize::try_from(EVENTS).unwrap() - 10).unwrap();
    // Few are asked for, many are copied.
    for limit in [Page::FIRST, Page::FIRST + 1, 10_000] {
        let page = page(&process.pools.app, tenant, limit).await.unwrap();
        let events: Vec<StoredEvent> = page.events().map(|event| event.unwrap().into()).collect();
        let count = wanted.len().min(usize::try_from(limit).unwrap());
        assert_eq!(events, wanted.get(..count).unwrap(), "{limit}");
        assert_eq!((page.is_full(), page.is_empty()), (count < wanted.len(), false));
        assert_eq!(
            page.last().unwrap().map(|event| event.position),
            events.last().map(|event| event.position)
        );
    }
    process.end().await;
}

#[tokio::test]
async fn a_reader_who_turns_away_in_the_middle_leaves_nothing_for_the_next_one_to_stumble_over() {
    let database = TestDatabase::make().await;
    let tap = database.tap();
    let process = Process::over(tap.options("draxis"), Fitting { readers: 1, ..Fitting::default() }).await;
    let tenant = new_tenant();
    process.writer.append(edits(tenant, "long", 0, EVENTS)).await.unwrap();
    let pool = &process.pools.app;
    // At every message of the beginning, then here and there among the rows, until one page comes whole.
    let mut turned_away = 0;
    for answer in (1..16).chain((16..).step_by(150)) {
        assert_eq!(head(pool, tenant).await.unwrap(), Position::new(EVENTS), "the connection is open");
        tap.hold_before(answer);
        let reading = Box::pin(page(pool, tenant, 10_000));
        let gone = tokio::select! {
            page = reading => {
                assert!(!page.unwrap().is_empty());
                false
            }
            () = tap.held() => true,
        };
        tap.let_go();
        assert_eq!(head(pool, tenant).await.unwrap(), Position::new(EVENTS), "gone before answer {answer}");
        if !gone {
            break;
        }
        turned_away += 1;
    }
    assert!(turned_away > 15, "nobody turned away among the rows, so this proves nothing: {turned_away}");
    process.end().await;
}
