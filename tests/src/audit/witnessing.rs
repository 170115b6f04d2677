//! Checkpoints sent to somebody outside: signed, in order, until they are taken, under one id each.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use draxis_commands::secret::Secret;
use draxis_event_store::head;
use draxis_proof::checkpoint::Checkpoint;
use draxis_runner::egress::{AllowedNetworks, Egress, EgressConfig, SystemResolver};
use draxis_runner::witness::{Witness, WitnessError, WitnessSettings};
use serde_json::Value;

use super::stage::Stage;

/// What came in: headers and body.
type Delivery = (BTreeMap<String, String>, Value);

/// Somebody outside who refuses the first deliveries and takes the others.
fn keeper(refusing: usize) -> (String, Arc<Mutex<Vec<Delivery>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/checkpoints", listener.local_addr().unwrap());
    let taken: Arc<Mutex<Vec<Delivery>>> = Arc::default();
    let deliveries = Arc::clone(&taken);
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut headers = BTreeMap::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if line.trim().is_empty() {
                    break;
                }
                if let Some((name, value)) = line.trim().split_once(": ") {
                    headers.insert(name.to_ascii_lowercase(), value.to_owned());
                }
            }
            let mut body = vec![0; headers["content-length"].parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            deliveries.lock().unwrap().push((headers, serde_json::from_slice(&body).unwrap()));
            let status = if count < refusing { "503 Service Unavailable" } else { "204 No Content" };
            write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").unwrap();
        }
    });
    (url, taken)
}

fn witness(stage: &Stage, url: &str) -> Witness {
    drop(rustls::crypto::ring::default_provider().install_default());
    let config = EgressConfig { allow: AllowedNetworks::loopback(), ..EgressConfig::default() };
    let egress = Egress::new(&config, Arc::new(SystemResolver)).unwrap();
    let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
    let settings = WitnessSettings::try_new(url, &secret).unwrap();
    Witness::new(stage.process.commands.clone(), stage.sealing.clone(), Arc::new(egress), Arc::new(settings))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_checkpoint_is_sent_until_it_is_taken_and_bears_one_id() {
    let stage = Stage::sealed().await;
    let (url, taken) = keeper(2);
    let sender = witness(&stage, &url);
    for _ in 0..2 {
        let error = sender.send_due().await.unwrap_err();
        assert!(matches!(error, WitnessError::NotTaken { size: 100, status: 503, .. }), "{error}");
    }
    assert_eq!(sender.send_due().await.unwrap(), 2, "both sizes, once it is taken");
    assert_eq!(sender.send_due().await.unwrap(), 0, "nothing is new");
    let other = witness(&stage, &url);
    assert_eq!(other.send_due().await.unwrap(), 0, "another process knows what was taken");
    stage.append(5).await;
    assert_eq!(sender.send_due().await.unwrap(), 0, "nothing was sealed since");
    stage.sealing.seal(stage.tenant).await.unwrap();
    assert_eq!(sender.send_due().await.unwrap(), 1);

    let taken = taken.lock().unwrap().clone();
    let sizes: Vec<u64> = taken.iter().map(|(_, body)| body["data"]["size"].as_u64().unwrap()).collect();
    assert_eq!(sizes, [100, 100, 100, 600, 605]);
    let ids: Vec<&String> = taken.iter().map(|(headers, _)| &headers["webhook-id"]).collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3], "{ids:?}");
    for (headers, body) in &taken {
        assert!(headers["webhook-signature"].starts_with("v1,") && headers.contains_key("webhook-timestamp"));
        assert_eq!(body["type"], "checkpoint.sealed");
        let note = body["data"]["note"].as_str().unwrap();
        let sealed = Checkpoint::open(note.as_bytes(), &stage.sealing.ring()).unwrap();
        assert_eq!(sealed.checkpoint().origin().to_string(), body["data"]["origin"].as_str().unwrap());
    }
    let position = head(&stage.process.pools.app, stage.tenant).await.unwrap();
    assert_eq!(position.get(), 605, "sending is no event: a witness that is told of it would never be done");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_within_is_sent_a_checkpoint_unless_allowed() {
    let stage = Stage::sealed().await;
    let (url, taken) = keeper(0);
    let egress = Egress::new(&EgressConfig::default(), Arc::new(SystemResolver)).unwrap();
    let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
    let Ok(settings) = WitnessSettings::try_new(&url, &secret) else { return };
    let sender = Witness::new(
        stage.process.commands.clone(),
        stage.sealing.clone(),
        Arc::new(egress),
        Arc::new(settings),
    );
    assert!(sender.send_due().await.is_err());
    assert!(taken.lock().unwrap().is_empty());
}
