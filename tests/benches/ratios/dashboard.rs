//! The dashboard over HTTP: against a row of the same bytes read by its key, and behind a short against a long stream.

use std::net::{Ipv4Addr, TcpListener};

use actix_web::web::{Data, Path};
use actix_web::{App, HttpResponse, HttpServer};
use chrono::Duration;
use draxis_domain::TenantId;
use draxis_tests::house::{TestDatabase, Web};
use reqwest::Client;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, PgPool};
use tokio::task::JoinSet;

use crate::measure::{Measured, block_on, events, in_turn, rate};
use crate::stream::{KRIS, append_every};

/// How many ask at once.
const CALLERS: usize = 16;

/// Somebody who asks for one address, again and again.
#[derive(Clone)]
struct Asker {
    client: Client,
    url: String,
    token: String,
    bytes: usize,
}

impl Asker {
    async fn ask(mut self) -> Self {
        let answer = self.client.get(&self.url).bearer_auth(&self.token).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200, "it is shown");
        self.bytes = answer.bytes().await.expect("a body").len();
        self
    }

    async fn rate_of_many(&self) -> f64 {
        rate(vec![self.clone(); CALLERS], Self::ask).await.0
    }
}

/// A program that serves, and an asker for the dashboard of a tenant with so many events, its values so far apart.
async fn tenant(web: &Web, root: &str, slug: &str, (events, every): (u64, Duration)) -> Asker {
    let (tenant, token) = web.tenant(root, slug).await;
    let tenant: TenantId = tenant.parse().expect("a tenant's id");
    append_every(every, web.app.commands.log().writer(), (tenant, events)).await;
    let asker = Asker { client: Client::new(), url: web.url("/api/dashboard"), token, bytes: 0 };
    let asker = asker.ask().await;
    assert!(asker.bytes > 20_000, "{KRIS} KRIs are on it, in {} bytes", asker.bytes);
    asker
}

async fn row(pool: Data<PgPool>, key: Path<i64>) -> HttpResponse {
    let query = sqlx::query_scalar("SELECT body FROM plain_rows WHERE key = $1").bind(*key);
    let body: String = query.fetch_one(pool.get_ref()).await.expect("the row is there");
    HttpResponse::Ok().content_type("application/json").body(body)
}

/// 200 KRIs, against actix-web and sqlx reading one row that holds the very same bytes.
pub(crate) fn read() -> Measured {
    block_on(async {
        let database = TestDatabase::with_connections(40).await;
        let web = Web::start(&database).await;
        let root = web.register().await;
        let asker = tenant(&web, &root, "acme-corp", (KRIS * 6, Duration::hours(1))).await;

        let shown = web.get(&asker.token, "/api/dashboard").await.expect(200).text;
        let mut superuser = database.superuser().await;
        superuser.execute("CREATE TABLE plain_rows (key bigint PRIMARY KEY, body text)").await.expect("made");
        let put = sqlx::query("INSERT INTO plain_rows VALUES (1, $1)").bind(shown);
        put.execute(&mut superuser).await.expect("the row is written");
        let options = database.options(draxis_api::embedded_postgres::SUPERUSER);
        let pool = PgPoolOptions::new().max_connections(16).test_before_acquire(false);
        let pool = pool.connect_with(options).await.expect("the pool opens");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("an address");
        let serve = move || {
            App::new().app_data(Data::new(pool.clone())).route("/{key}", actix_web::web::get().to(row))
        };
        let server = HttpServer::new(serve).workers(2).listen(listener).expect("it listens").run();
        let handle = server.handle();
        let mut serving = JoinSet::new();
        serving.spawn(server);
        let plain = Asker { url: format!("http://{address}/1"), ..asker.clone() };
        let measured =
            in_turn(async || asker.rate_of_many().await, async || plain.rate_of_many().await).await;
        handle.stop(false).await;
        web.stop().await;
        measured
    })
}

/// The time one takes behind a million events against the time behind as few as fill the same dashboard: thirty points of a trend
/// and deltas as far back as ninety days, of each KRI. A thousand events would leave the tiles half empty, and what is then
/// measured is how long more bytes take.
pub(crate) fn flat() -> Measured {
    block_on(async {
        let database = TestDatabase::with_connections(20).await;
        let web = Web::start(&database).await;
        let root = web.register().await;
        let short = tenant(&web, &root, "short", (KRIS * 41, Duration::days(3))).await;
        let long = tenant(&web, &root, "long", (events(1_000_000), Duration::hours(1))).await;
        let (most, least) = (short.bytes.max(long.bytes), short.bytes.min(long.bytes));
        assert!(most - least < most / 20, "the same is shown: {} bytes against {}", short.bytes, long.bytes);
        let seconds = |rate: f64| 1e6 / rate;
        let measured = in_turn(
            async || seconds(long.rate_of_many().await),
            async || seconds(short.rate_of_many().await),
        );
        let measured = measured.await;
        web.stop().await;
        measured
    })
}
