//! One conversation in SMTP, from greeting to goodbye (RFC 5321, RFC 4954, RFC 3207).

use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{ReceivedLetter, Shared, SmtpFault, SmtpPlan, SmtpTls};

/// RFC 5321, section 4.5.3.1.6: a text line has at most 1,000 octets; some leeway, and an end.
const LINE_BYTES: u64 = 8 * 1024;
const LETTER_BYTES: usize = 16 * 1024 * 1024;

/// What comes after a command.
enum Next {
    Command,
    End,
    /// The client asked for TLS: the same stream goes on inside it.
    Upgrade(Arc<ServerConfig>),
}

pub(super) async fn welcome(stream: TcpStream, plan: Arc<SmtpPlan>, shared: Shared) {
    // Whatever breaks in here broke on the client's side, which is who is being tried.
    drop(converse(stream, &plan, &shared).await);
}

async fn converse(stream: TcpStream, plan: &SmtpPlan, shared: &Shared) -> io::Result<()> {
    if shared.board().fault == SmtpFault::HangUpOnConnect {
        return Ok(());
    }
    if let SmtpTls::Implicit(config) = &plan.tls {
        let (stream, name) = handshake(stream, Arc::clone(config)).await?;
        let mut session = Session::new(BufReader::new(stream), plan, shared, Some(name));
        session.greet().await?;
        return session.serve().await.map(drop);
    }
    let mut session = Session::new(BufReader::new(stream), plan, shared, None);
    session.greet().await?;
    if let Next::Upgrade(config) = session.serve().await? {
        let (stream, name) = handshake(session.stream.into_inner(), config).await?;
        Session::new(BufReader::new(stream), plan, shared, Some(name)).serve().await?;
    }
    Ok(())
}

async fn handshake(
    stream: TcpStream,
    config: Arc<ServerConfig>,
) -> io::Result<(TlsStream<TcpStream>, String)> {
    let stream = TlsAcceptor::from(config).accept(stream).await?;
    let name = stream.get_ref().1.server_name().unwrap_or_default().to_owned();
    Ok((stream, name))
}

struct Session<'a, S> {
    stream: BufReader<S>,
    plan: &'a SmtpPlan,
    shared: &'a Shared,
    tls_name: Option<String>,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Session<'a, S> {
    fn new(stream: BufReader<S>, plan: &'a SmtpPlan, shared: &'a Shared, tls_name: Option<String>) -> Self {
        Self { stream, plan, shared, tls_name, user: None, from: None, to: Vec::new() }
    }

    fn fault(&self) -> SmtpFault {
        self.shared.board().fault
    }

    async fn greet(&mut self) -> io::Result<Next> {
        if self.fault() == SmtpFault::StallOnConnect {
            return self.stall().await;
        }
        self.say("220 loopback ready").await
    }

    /// Goes through the commands until there is nothing more to say, or to say in the open.
    async fn serve(&mut self) -> io::Result<Next> {
        while let Some(line) = self.line().await? {
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match self.obey(&verb.to_ascii_uppercase(), rest).await? {
                Next::Command => {}
                over @ (Next::End | Next::Upgrade(_)) => return Ok(over),
            }
        }
        Ok(Next::End)
    }

    async fn obey(&mut self, verb: &str, rest: &str) -> io::Result<Next> {
        match verb {
            "EHLO" => self.say_hello().await,
            "HELO" => self.say("250 loopback").await,
            "STARTTLS" => self.start_tls().await,
            "AUTH" => self.log_in(rest).await,
            "MAIL" => self.sender(rest).await,
            "RCPT" => self.recipient(rest).await,
            "DATA" => self.letter().await,
            "RSET" => {
                self.forget();
                self.say("250 forgotten").await
            }
            "NOOP" => self.say("250 ok").await,
            "QUIT" => self.say_goodbye().await,
            _ => self.say("500 what?").await,
        }
    }

    async fn say_hello(&mut self) -> io::Result<Next> {
        let mut hello = String::from("250-loopback\r\n");
        if self.plan.login.is_some() {
            hello.push_str("250-AUTH PLAIN LOGIN\r\n");
        }
        if matches!(self.plan.tls, SmtpTls::OnRequest(_)) && self.tls_name.is_none() {
            hello.push_str("250-STARTTLS\r\n");
        }
        hello.push_str("250 8BITMIME");
        self.say(&hello).await
    }

    async fn say_goodbye(&mut self) -> io::Result<Next> {
        if self.fault() == SmtpFault::StallOnQuit {
            return self.stall().await;
        }
        self.say("221 bye").await?;
        Ok(Next::End)
    }

    async fn start_tls(&mut self) -> io::Result<Next> {
        match &self.plan.tls {
            SmtpTls::OnRequest(config) if self.tls_name.is_none() => {
                let config = Arc::clone(config);
                self.say("220 go ahead").await?;
                Ok(Next::Upgrade(config))
            }
            SmtpTls::Off | SmtpTls::Implicit(_) | SmtpTls::OnRequest(_) => self.say("502 not here").await,
        }
    }

    async fn log_in(&mut self, rest: &str) -> io::Result<Next> {
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let given = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let pair = if initial.is_empty() { self.ask("334 ").await? } else { decode(initial) };
                let mut parts = pair.split('\0').skip(1).map(str::to_owned);
                parts.next().zip(parts.next())
            }
            "LOGIN" => Some((self.ask("334 VXNlcm5hbWU6").await?, self.ask("334 UGFzc3dvcmQ6").await?)),
            _ => return self.say("504 no such mechanism").await,
        };
        if given.is_some() && given == self.plan.login {
            self.user = given.map(|(user, _)| user);
            return self.say("235 welcome").await;
        }
        self.say("535 no").await
    }

    async fn sender(&mut self, rest: &str) -> io::Result<Next> {
        if self.plan.login.is_some() && self.user.is_none() {
            return self.say("530 log in first").await;
        }
        self.forget();
        self.from = Some(path(rest));
        self.say("250 ok").await
    }

    async fn recipient(&mut self, rest: &str) -> io::Result<Next> {
        if let SmtpFault::RefuseRecipients(code) = self.fault() {
            return self.say(&format!("{code} not this one")).await;
        }
        if self.from.is_none() {
            return self.say("503 from whom?").await;
        }
        self.to.push(path(rest));
        self.say("250 ok").await
    }

    async fn letter(&mut self) -> io::Result<Next> {
        if self.to.is_empty() {
            return self.say("503 to whom?").await;
        }
        if self.fault() == SmtpFault::HangUpBeforeLetter {
            return Ok(Next::End);
        }
        if self.fault() == SmtpFault::StallBeforeLetter {
            return self.stall().await;
        }
        self.say("354 go on, end with a dot").await?;
        let Some(text) = self.read_letter().await? else { return Ok(Next::End) };
        if let SmtpFault::RefuseLetter(code) = self.fault() {
            self.forget();
            return self.say(&format!("{code} not this letter")).await;
        }
        self.keep(text);
        if self.fault() == SmtpFault::KeepThenHangUp {
            return Ok(Next::End);
        }
        if self.fault() == SmtpFault::KeepThenStall {
            return self.stall().await;
        }
        self.say("250 kept").await
    }

    fn keep(&mut self, text: String) {
        let letter = ReceivedLetter {
            from: self.from.take().unwrap_or_default(),
            to: std::mem::take(&mut self.to),
            text,
            user: self.user.clone(),
            tls_name: self.tls_name.clone(),
        };
        self.shared.board().letters.push(letter);
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    /// Everything up to the line with the dot, dots unstuffed (RFC 5321, section 4.5.2).
    async fn read_letter(&mut self) -> io::Result<Option<String>> {
        let mut text = String::new();
        while let Some(line) = self.line().await? {
            if line == "." {
                return Ok(Some(text));
            }
            if text.len().saturating_add(line.len()) > LETTER_BYTES {
                return Ok(None);
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
        }
        Ok(None)
    }

    async fn ask(&mut self, question: &str) -> io::Result<String> {
        self.say(question).await?;
        Ok(self.line().await?.map(|line| decode(&line)).unwrap_or_default())
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut bytes = Vec::new();
        let read = (&mut self.stream).take(LINE_BYTES).read_until(b'\n', &mut bytes).await?;
        if read == 0 || !bytes.ends_with(b"\n") {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&bytes);
        Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    async fn say(&mut self, line: &str) -> io::Result<Next> {
        self.stream.write_all(line.as_bytes()).await?;
        self.stream.write_all(b"\r\n").await?;
        self.stream.flush().await?;
        Ok(Next::Command)
    }

    /// Says nothing until the client is gone.
    async fn stall(&mut self) -> io::Result<Next> {
        while self.line().await?.is_some() {}
        Ok(Next::End)
    }
}

/// What stands between the angle brackets of `FROM:<…>`.
fn path(rest: &str) -> String {
    rest.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or_else(String::new, |(path, _)| path.to_owned())
}

fn decode(text: &str) -> String {
    STANDARD.decode(text).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
