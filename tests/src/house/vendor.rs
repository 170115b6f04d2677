//! A vendor on loopback: recorded replies over real sockets.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;

use chrono::{DateTime, Utc};
use draxis_runner::connector::replay::{Asked, Turns, Vendor};

use super::start_of_time;

/// Answers from recorded replies until the tests end, without the waiting that a real export takes; says where.
pub fn vendor(replies: &str) -> String {
    serve_vendor(Vendor::parse("tenable-io", replies).expect("the replies read"), start_of_time())
}

/// The same for a vendor whose answers speak of that time.
pub fn serve_vendor(vendor: Vendor, now: DateTime<Utc>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let shown = base.clone();
    std::thread::spawn(move || {
        let turns = Turns::default();
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
            let mut line = String::new();
            reader.read_line(&mut line).expect("a request line");
            let mut words = line.split_whitespace().map(str::to_owned);
            let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let (mut headers, mut length) = (Vec::new(), 0);
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).expect("a header");
                let Some((name, value)) = header.trim().split_once(':') else { break };
                let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
                if name == "content-length" {
                    length = value.parse().expect("a length");
                }
                headers.push((name, value));
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let body = String::from_utf8(body).expect("text");
            let asked = Asked {
                method: &method,
                path_and_query: &path,
                headers: &headers,
                body: &body,
                base: &base,
                now,
            };
            let reply = vendor.answer(&asked, &turns);
            let (status, headers, body) = reply.map_or((404, Vec::new(), Vec::new()), |reply| {
                (reply.status, reply.headers, reply.body.to_vec())
            });
            write!(stream, "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n", body.len())
                .expect("the asker listens");
            for (name, value) in headers {
                write!(stream, "{name}: {value}\r\n").expect("the asker listens");
            }
            stream.write_all(b"\r\n").expect("the asker listens");
            stream.write_all(&body).expect("the asker listens");
        }
    });
    shown
}
