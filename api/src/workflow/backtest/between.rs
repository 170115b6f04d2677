//! Between which points of a stream a definition is tried: those that were asked for, or the version's own time.

use chrono::{DateTime, SubsecRound as _, Utc};
use draxis_commands::CommandError;
use draxis_domain::{Position, TenantId, WorkflowId};
use draxis_event_store::{TenantTx, head, recorded_at};

use crate::app::App;
use crate::audit::Point;
use crate::problem::Problem;

/// The stretch of a stream, with the instants at its ends.
pub(super) struct Between {
    /// The last position before it.
    pub(super) after: Position,
    /// When it begins.
    pub(super) from: DateTime<Utc>,
    /// Its last position.
    pub(super) until: Position,
    /// When it ends.
    pub(super) to: DateTime<Utc>,
}

impl Between {
    /// The stretch that somebody asks for; a version's own time where they say nothing of its beginning.
    pub(super) async fn asked(
        app: &App,
        (tenant, id, version): (TenantId, WorkflowId, Option<u64>),
        (from, to): (Option<Point>, Option<Point>),
    ) -> Result<Self, Problem> {
        let end = head(&app.commands.pools().app, tenant).await.map_err(CommandError::from)?;
        let now = app.commands.clock().now().trunc_subsecs(6);
        let stream = (tenant, end);
        let (after, own_end) = match from {
            Some(from) => (from.last_ahead(app, stream, "/from").await?, end),
            None => own_time(app, (tenant, id, version), end).await?,
        };
        let until = match to {
            Some(to) => to.last_within(app, stream, "/to").await?,
            None => own_end,
        };
        let from = match from {
            Some(Point::Time(time)) => time,
            Some(Point::Position(_)) | None => instant(app, tenant, after).await?.unwrap_or(now),
        };
        let to = match to {
            Some(Point::Time(time)) => time.min(now),
            // What is still in force is so until now, whenever the last event was.
            None if until == end => now,
            Some(Point::Position(_)) | None => instant(app, tenant, until).await?.unwrap_or(now),
        };
        if after > until || from > to {
            return Err(Problem::invalid_at("/from", "must lie before `to`, and in the past"));
        }
        Ok(Self { after, from, until, to: to.trunc_subsecs(6) })
    }
}

async fn own_time(
    app: &App,
    (tenant, id, version): (TenantId, WorkflowId, Option<u64>),
    end: Position,
) -> Result<(Position, Position), Problem> {
    let Some(version) = version else {
        let detail = "must be given: a definition that is only tried has no time of its own";
        return Err(Problem::invalid_at("/from", detail));
    };
    let own = app.read_models.own_time((tenant, id), version, end).await?;
    own.ok_or_else(|| {
        let detail =
            format!("must be given: version {version} was never in force, so it has no time of its own");
        Problem::invalid_at("/from", detail)
    })
}

/// When the event at a position was recorded; before the first one, when that was.
async fn instant(app: &App, tenant: TenantId, position: Position) -> Result<Option<DateTime<Utc>>, Problem> {
    let pool = &app.commands.pools().app;
    let mut transaction = TenantTx::begin(pool, tenant).await.map_err(CommandError::from)?;
    let position = position.max(Position::START.next());
    Ok(recorded_at(&mut transaction, position).await.map_err(CommandError::from)?)
}
