//! What Slack means by `ok: false`: a closed list of words, each read for whether anything was done and what to do.

use std::time::Duration;

use super::FAR;
use crate::relay::RelayError;
use crate::relay::exchange::Setback;

/// The token itself is good for nothing.
pub(super) const NOT_ACCEPTED: [&str; 7] = [
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "no_permission",
    "org_login_required",
];

/// "It's possible some aspect of the operation succeeded before the error was raised", says Slack of these.
const UNKNOWN: [&str; 3] = ["fatal_error", "internal_error", "service_unavailable"];

/// Not now; `request_timeout` says that what was sent did not arrive whole.
const LATER: [&str; 5] =
    ["ratelimited", "rate_limited", "message_limit_exceeded", "request_timeout", "team_added_to_org"];

const NO_RIGHT: [&str; 9] = [
    "missing_scope",
    "not_allowed_token_type",
    "access_denied",
    "ekm_access_denied",
    "accesslimited",
    "team_access_not_granted",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_non_threadable_channel",
];

/// What a message that was not posted, or may have been, comes to.
pub(super) fn setback(word: &str, retry_after: Option<Duration>) -> Setback {
    if UNKNOWN.contains(&word) {
        return Setback::Unknown("Slack failed and may have posted the message before".to_owned());
    }
    Setback::Refused(refusal(word, retry_after))
}

fn refusal(word: &str, retry_after: Option<Duration>) -> RelayError {
    match word {
        word if NOT_ACCEPTED.contains(&word) => RelayError::Credentials,
        word if LATER.contains(&word) => RelayError::Busy { retry_after },
        word if NO_RIGHT.contains(&word) => RelayError::Permission,
        "channel_not_found" | "not_in_channel" => RelayError::content(
            "the app does not see this Slack channel: check its name or id, and invite the app into it",
        ),
        "is_archived" => RelayError::content("the Slack channel is archived: name another one"),
        "msg_too_long" | "msg_blocks_too_long" => {
            RelayError::content("the message is too long for Slack: shorten the step's text")
        }
        "no_text" => RelayError::content("the message is empty: give the step a text"),
        _ => RelayError::Refused { status: 200, advice: FAR.advice.to_owned() },
    }
}
