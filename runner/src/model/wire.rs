//! What the two protocols have in common: a request that streams, its refusals, JSON in events.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::sse::Events;
use super::{ModelError, Piece};
use crate::egress::{Egress, Request, Response};

/// How much an answer may hold.
const LARGEST: usize = 4 << 20;
/// How long an answer may take, from the first step to its last byte.
pub(super) const PATIENCE: Duration = Duration::from_mins(5);

/// Puts an answer together from its events.
pub(super) trait Gathering: Send {
    /// Takes an event; what is new in it is heard.
    fn take(&mut self, event: &Value, hear: &mut (dyn FnMut(Piece<'_>) + Send)) -> Result<(), ModelError>;
}

/// Sends a request whose answer comes in events, and gathers them as they come.
pub(super) async fn gather<G: Gathering>(
    egress: &Arc<Egress>,
    request: Request,
    gathering: &mut G,
    hear: &mut (dyn FnMut(Piece<'_>) + Send),
) -> Result<(), ModelError> {
    let request = request.within(PATIENCE).at_most(LARGEST);
    let mut events = Events::default();
    let mut broken = None;
    let answer = {
        let mut take = |piece: &[u8]| {
            for data in events.take(piece) {
                if broken.is_some() || data.trim() == "[DONE]" {
                    continue;
                }
                let event = serde_json::from_str(&data).map_err(|_| ModelError::Broken);
                broken = event.and_then(|event: Value| gathering.take(&event, hear)).err();
            }
        };
        egress.send_hearing(request, &mut take).await?
    };
    if !answer.status().is_success() {
        return Err(refusal(&answer));
    }
    match broken {
        Some(error) => Err(error),
        None if events.is_cut_off() => Err(ModelError::CutOff),
        None => Ok(()),
    }
}

fn refusal(answer: &Response) -> ModelError {
    let status = answer.status().as_u16();
    match status {
        401 | 403 => ModelError::Key,
        408 | 409 | 429 | 500..=599 => {
            // Seconds; a date is as good as nothing said (RFC 9110, section 10.2.3).
            let after = answer
                .header("retry-after")
                .and_then(|text| text.trim().parse().ok())
                .map(Duration::from_secs);
            ModelError::Busy { status, after }
        }
        _ => ModelError::Refused { status },
    }
}

/// A call's arguments, which come as text; null where they are no JSON, which is for the model to hear.
pub(super) fn arguments(text: &str) -> Value {
    if text.trim().is_empty() {
        return Value::Object(serde_json::Map::new());
    }
    serde_json::from_str(text).unwrap_or_default()
}
