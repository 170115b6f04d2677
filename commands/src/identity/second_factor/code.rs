//! Codes: six digits of thirty seconds each (RFC 6238), taken one step early or late for clocks that differ.

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use totp_rs::{Algorithm, Builder, Totp};

use crate::CommandError;
use crate::identity::second_factor::Enrollment;
use crate::secret::Secret;

/// What somebody shows besides their password.
pub enum Code {
    /// What their authenticator app shows now.
    Time(Secret),
    /// One of the codes they were given for the day they lose it.
    Recovery(Secret),
}

/// SHA-1, six digits, thirty seconds: what every authenticator app understands; others are ignored by some.
fn totp(secret: &Secret, account: &str) -> Result<Totp, CommandError> {
    let bytes = BASE32_NOPAD.decode(secret.expose().as_bytes()).map_err(CommandError::failed)?;
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(bytes)
        // A colon would part the issuer from the name.
        .with_account_name(account.replace(':', "_"))
        .with_issuer(Some("Draxis"))
        .build()
        .map_err(CommandError::failed)
}

/// What an authenticator app is to be told.
pub(super) fn enrollment(secret: &Secret, email: &str) -> Result<Enrollment, CommandError> {
    let otpauth_url = totp(secret, email)?.to_url().map_err(CommandError::failed)?;
    Ok(Enrollment { secret: secret.expose().to_owned(), otpauth_url })
}

/// The time step whose code this is, if it is one of now, the step before or the step after.
pub(super) fn step_of(
    secret: &Secret,
    code: &Secret,
    now: DateTime<Utc>,
) -> Result<Option<i64>, CommandError> {
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let step = totp(secret, "")?.check(code.expose().trim(), seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    /// The secret of RFC 6238's appendix B: `12345678901234567890`.
    fn secret() -> Secret {
        Secret::new(BASE32_NOPAD.encode(b"12345678901234567890"))
    }

    fn step(code: &str, seconds: i64) -> Option<i64> {
        let now = DateTime::from_timestamp(seconds, 0).unwrap();
        step_of(&secret(), &Secret::new(code.to_owned()), now).unwrap()
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // Appendix B gives eight digits; six are their last ones.
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")]
        {
            assert_eq!(step(code, seconds), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_taken_one_step_early_or_late_and_no_further() {
        let middle = 1_111_111_109;
        for (seconds, taken) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            assert_eq!(step("081804", middle + seconds).is_some(), taken, "{seconds}");
        }
        for wrong in ["", "08180", "0818040", "abcdef", "081805"] {
            assert_eq!(step(wrong, middle), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_is_told_the_issuer_and_the_account() {
        let told = enrollment(&secret(), "ada@acme.example").unwrap();
        assert!(
            told.otpauth_url.starts_with("otpauth://totp/Draxis:ada%40acme.example?"),
            "{}",
            told.otpauth_url
        );
        assert!(told.otpauth_url.contains(&format!("secret={}", told.secret)));
    }
}
