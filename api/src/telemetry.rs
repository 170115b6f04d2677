//! What the program tells those who run it: structured lines on standard error.

use std::io::{IsTerminal, Write};

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one object a line.
    Json,
}

impl LogFormat {
    /// `text` or `json`; the error says so.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("`{other}` is no format: write text or json")),
        }
    }
}

/// Which lines are written: a level, or levels by module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// A list of directives as `tracing` has them; the error says what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        match EnvFilter::try_new(text) {
            Ok(_) if !text.trim().is_empty() => Ok(Self(text.to_owned())),
            Ok(_) | Err(_) => Err(format!(
                "`{text}` is no filter: write a level (error, warn, info, debug, trace) or levels by module, \
                 such as info,draxis_runner=debug"
            )),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Colours {
    Shown,
    None,
}

/// Telemetry was started twice.
#[derive(Debug, thiserror::Error)]
#[error("logging is set up already: it is done once, at the start of the program")]
pub struct AlreadyStarted(#[from] tracing_subscriber::util::TryInitError);

/// Begins to write lines to standard error, for the whole process.
pub fn start(filter: &LogFilter, format: LogFormat) -> Result<(), AlreadyStarted> {
    let colours = if std::io::stderr().is_terminal() { Colours::Shown } else { Colours::None };
    Ok(subscriber(filter, format, colours, std::io::stderr).try_init()?)
}

fn subscriber<W>(
    filter: &LogFilter,
    format: LogFormat,
    colours: Colours,
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a, Writer: Write> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(&filter.0))
        .with_writer(writer)
        .with_ansi(colours == Colours::Shown);
    match format {
        LogFormat::Text => Box::new(builder.finish()),
        LogFormat::Json => Box::new(builder.json().flatten_event(true).with_current_span(false).finish()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn written(filter: &str, format: LogFormat) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let filter = LogFilter::parse(filter).unwrap();
        let subscriber = subscriber(&filter, format, Colours::None, move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(tenant.id = 7, "the tenant was made");
            tracing::debug!("a detail");
        });
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_machine_reads_one_flat_object_a_line() {
        let text = written("info", LogFormat::Json);
        assert_eq!(text.lines().count(), 1);
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "the tenant was made");
        assert_eq!(line["tenant.id"], 7);
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn a_person_reads_text_without_colours_in_a_file() {
        let text = written("draxis_api=debug", LogFormat::Text);
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("the tenant was made") && !text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn a_filter_that_is_none_says_what_to_write() {
        for text in ["", "info,=", "draxis=loud"] {
            assert!(LogFilter::parse(text).unwrap_err().contains("debug"), "{text}");
        }
        assert!(LogFormat::parse("xml").unwrap_err().contains("json"));
    }
}
