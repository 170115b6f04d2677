//! A real browser without a window, driven by the `WebDriver` protocol (W3C), for what only a browser does.

#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test stands on holds, or the test ends here"
)]

use std::io::Write as _;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How the protocol names an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one page.
pub struct Browser {
    client: reqwest::Client,
    session: String,
    _driver: Child,
}

impl Browser {
    /// A browser. Where this machine has no Chromium with its driver (`chromium-driver`) there is none, and what it would show
    /// stays unseen: that is said out loud. With `DRAXIS_BROWSER=required` nobody goes without, nor do the long forms of the tests.
    pub async fn open() -> Option<Self> {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let mut driver = match driver {
            Ok(driver) => driver,
            Err(error) if !required() && error.kind() == std::io::ErrorKind::NotFound => {
                say_passed_over();
                return None;
            }
            Err(error) => {
                panic!("chromedriver does not start: {error}; install chromium and chromium-driver")
            }
        };
        // The first one to install it wins; it is the same for all.
        drop(rustls::crypto::ring::default_provider().install_default());
        let port = port(&mut driver).await;
        let client = reqwest::Client::new();
        let arguments =
            ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en-GB"];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": {"args": arguments},
            // The driver itself waits for what is looked for.
            "timeouts": {"implicit": 30_000, "pageLoad": 60_000},
        }}});
        let base = format!("http://127.0.0.1:{port}/session");
        let begun = client.post(&base).json(&wanted).send().await.expect("the driver answers");
        let begun: Value = begun.json().await.expect("the driver speaks JSON");
        let session = begun["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("no browser: {begun}"));
        Some(Self { client, session: format!("{base}/{session}"), _driver: driver })
    }

    /// Opens an address.
    pub async fn go(&self, url: &str) {
        self.post("url", &json!({ "url": url })).await;
    }

    /// Waits until there is an element that fits the CSS selector, and answers with its id.
    pub async fn wait(&self, selector: &str) -> String {
        let found = self.post("element", &json!({"using": "css selector", "value": selector})).await;
        found[ELEMENT].as_str().unwrap_or_else(|| panic!("{selector}: {found}")).to_owned()
    }

    /// Writes into a field in place of what stands there.
    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.wait(selector).await;
        self.post(&format!("element/{field}/clear"), &json!({})).await;
        self.post(&format!("element/{field}/value"), &json!({ "text": text })).await;
    }

    /// Clicks.
    pub async fn click(&self, selector: &str) {
        let target = self.wait(selector).await;
        self.post(&format!("element/{target}/click"), &json!({})).await;
    }

    /// The text that somebody sees there.
    pub async fn text(&self, selector: &str) -> String {
        let element = self.wait(selector).await;
        self.get(&format!("element/{element}/text")).await.as_str().unwrap_or_default().to_owned()
    }

    /// Whether it can be seen.
    pub async fn is_shown(&self, selector: &str) -> bool {
        let element = self.wait(selector).await;
        self.get(&format!("element/{element}/displayed")).await == json!(true)
    }

    /// Keeps a picture of the page where `DRAXIS_PICTURES` names a directory, for somebody to look at.
    pub async fn picture(&self, name: &str) {
        let Some(directory) = std::env::var_os("DRAXIS_PICTURES") else { return };
        let taken = self.get("screenshot").await;
        let bytes = STANDARD.decode(taken.as_str().unwrap_or_default()).expect("a picture is base64");
        let path = std::path::Path::new(&directory).join(name).with_extension("png");
        std::fs::write(path, bytes).expect("the picture is kept");
    }

    /// Ends the browser; its driver ends with it.
    pub async fn close(self) {
        drop(self.client.delete(&self.session).send().await);
    }

    async fn post(&self, command: &str, body: &Value) -> Value {
        self.ask(self.client.post(format!("{}/{command}", self.session)).json(body)).await
    }

    async fn get(&self, command: &str) -> Value {
        self.ask(self.client.get(format!("{}/{command}", self.session))).await
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Value {
        let answer = request.send().await.expect("the driver answers");
        let status = answer.status();
        let told: Value = answer.json().await.expect("the driver speaks JSON");
        assert!(status.is_success(), "{}", told["value"]["message"]);
        told["value"].clone()
    }
}

fn required() -> bool {
    super::long() || std::env::var_os("DRAXIS_BROWSER").is_some_and(|wanted| wanted == "required")
}

/// Says which test was passed over, and why: on the error stream itself, because what a test that passes prints is kept back.
fn say_passed_over() {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test of a page");
    let said = format!(
        "PASSED OVER: {test}: there is no chromedriver here, so no page was looked at; \
         install chromium and chromium-driver, or set DRAXIS_BROWSER=required to have this fail\n"
    );
    std::io::stderr().write_all(said.as_bytes()).expect("the error stream takes it");
}

/// The port that the driver says it listens on.
async fn port(driver: &mut Child) -> u16 {
    let said = driver.stdout.take().expect("what it says is piped");
    let mut lines = BufReader::new(said).lines();
    while let Some(line) = lines.next_line().await.expect("the driver's words read") {
        let port =
            line.strip_suffix('.').and_then(|line| line.rsplit(' ').next()).and_then(|it| it.parse().ok());
        if let Some(port) = port.filter(|_| line.contains("started successfully")) {
            return port;
        }
    }
    panic!("chromedriver ended before it listened");
}
