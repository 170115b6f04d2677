//! The subject: readings of KRIs through the whole command layer, events of about 600 bytes.

use draxis_commands::execution::Execution;
use draxis_commands::{Caller, Commands, Context};
use draxis_domain::kri::{Kri, KriCommand, NewReading};
use draxis_domain::source::Schedule;
use draxis_domain::{KriId, Position, RunId, SourceId, TenantId};
use draxis_event_store::{Answer, Ids, UlidIds};
use draxis_tests::house::{kri_body, reading, start_of_time};

/// One caller, who records readings of one KRI, one after the other.
pub(crate) struct Recorder {
    commands: Commands,
    pub(crate) tenant: TenantId,
    pub(crate) kri: KriId,
    source: SourceId,
    run: RunId,
    count: i64,
    last: Position,
}

pub(crate) fn context(tenant: TenantId, run: RunId) -> Context {
    Context {
        correlation: Some(format!("run:{}", run.ulid())),
        request: Some(UlidIds.next().to_string()),
        ..Context::of(Caller::runner(tenant))
    }
}

/// The KRI as it is defined for a caller, wired to a source.
pub(crate) fn definition(id: KriId, source: SourceId) -> KriCommand {
    let mut body = kri_body(&format!("kri-{}", id.ulid().to_string().to_lowercase()));
    body.source_id = Some(source);
    KriCommand::Define { id, body: Box::new(body), schedule: Some(Schedule::Daily) }
}

/// The n-th reading: healthy, later than all before it, with a remark as people write them.
pub(crate) fn nth_reading(n: i64, source: SourceId, run: RunId) -> NewReading {
    NewReading {
        source_id: Some(source),
        run_id: Some(run),
        observed_at: start_of_time() - chrono::Duration::days(30) + chrono::Duration::milliseconds(n),
        note: Some(note()),
        ..reading(n % 7, 0)
    }
}

fn note() -> draxis_domain::Comment {
    let text = "Read from the scanner's nightly export; hosts seen within the last seven days.";
    draxis_domain::Comment::parse(text).expect("a remark")
}

fn answer(kri: &Kri, id: &str) -> Answer {
    draxis_commands::platform::accepted(id, kri.version())
}

impl Recorder {
    /// A caller with a new KRI in the tenant.
    pub(crate) async fn new(commands: &Commands, tenant: TenantId) -> Self {
        let (kri, source, run) =
            (KriId::new(UlidIds.next()), SourceId::new(UlidIds.next()), RunId::new(UlidIds.next()));
        let mut recorder =
            Self { commands: commands.clone(), tenant, kri, source, run, count: 0, last: Position::START };
        recorder.give(definition(kri, source)).await;
        recorder
    }

    /// Records the next reading.
    pub(crate) async fn record(mut self) -> Self {
        self.count += 1;
        self.give(KriCommand::RecordReading(nth_reading(self.count, self.source, self.run))).await;
        self
    }

    /// Where the last reading stands.
    pub(crate) const fn last_position(&self) -> Position {
        self.last
    }

    async fn give(&mut self, command: KriCommand) {
        let execution =
            Execution::<Kri> { id: self.kri.to_string(), command, respond: std::sync::Arc::new(answer) };
        let context = context(self.tenant, self.run);
        self.last = self.commands.on_tenant(&context, execution).await.expect("the command holds").position;
    }
}
