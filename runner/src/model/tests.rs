//! The adapters against far servers that speak the documented protocols, well and badly; the dialogue against scripts.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use draxis_commands::secret::Secret;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::dialogue::ANSWER;
use super::{
    Anthropic, Ask, Called, Dialogue, DialogueError, Heard, Limits, Message, Model, ModelError, OpenAi,
    Piece, Reply, Scripted, Stop, Tokens, Tool, ToolResult, Toolbox,
};
use crate::egress::far_server::{FarServer, Manner};
use crate::egress::{AllowedNetworks, Egress, EgressConfig, EgressError, Resolver, Timeouts};

/// Knows no names: the far servers are addresses.
struct NoNames;

impl Resolver for NoNames {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async { Err(std::io::Error::from(std::io::ErrorKind::NotFound)) })
    }
}

fn egress(allow: AllowedNetworks) -> Arc<Egress> {
    let (connect, idle, total) =
        (Duration::from_millis(500), Duration::from_millis(600), Duration::from_secs(2));
    let timeouts = Timeouts { connect, idle, total };
    let config = EgressConfig { allow, timeouts, ..EgressConfig::default() };
    Arc::new(Egress::new(&config, Arc::new(NoNames)).unwrap())
}

fn key() -> Arc<Secret> {
    Arc::new(Secret::new("canary-key".to_owned()))
}

/// Which of the two protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoken {
    Anthropic,
    OpenAi,
}

const BOTH: [Spoken; 2] = [Spoken::Anthropic, Spoken::OpenAi];

impl Spoken {
    fn model(self, server: &FarServer) -> Box<dyn Model> {
        let base = format!("http://127.0.0.1:{}", server.port());
        let egress = egress(AllowedNetworks::loopback());
        match self {
            Self::Anthropic => Box::new(Anthropic::new(egress, Some(&base), "m", key())),
            Self::OpenAi => Box::new(OpenAi::new(egress, Some(&format!("{base}/v1")), "m", Some(key()))),
        }
    }

    /// An answer that says a text and calls a tool, as the protocol's documentation writes it.
    fn answer(self, text: &str, tool: &str, with: &str) -> String {
        let (head, tail) = with.split_at(with.len() / 2);
        let events: Vec<Value> = match self {
            Self::Anthropic => vec![
                json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant",
                       "content": [], "model": "m", "stop_reason": null, "usage": {"input_tokens": 25, "output_tokens": 1}}}),
                json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
                json!({"type": "ping"}),
                json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
                json!({"type": "content_block_stop", "index": 0}),
                json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "toolu_1",
                       "name": tool, "input": {}}}),
                json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": head}}),
                json!({"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": tail}}),
                json!({"type": "content_block_stop", "index": 1}),
                json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null},
                       "usage": {"output_tokens": 15}}),
                json!({"type": "message_stop"}),
            ],
            Self::OpenAi => vec![
                json!({"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"role": "assistant",
                       "content": ""}, "finish_reason": null}], "usage": null}),
                json!({"id": "c", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]}),
                json!({"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "toolu_1",
                       "type": "function", "function": {"name": tool, "arguments": ""}}]}, "finish_reason": null}]}),
                json!({"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0,
                       "function": {"arguments": head}}]}, "finish_reason": null}]}),
                json!({"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0,
                       "function": {"arguments": tail}}]}, "finish_reason": null}]}),
                json!({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
                json!({"id": "c", "choices": [], "usage": {"prompt_tokens": 25, "completion_tokens": 15}}),
            ],
        };
        let mut stream = String::new();
        for event in events {
            if let Some(kind) = event["type"].as_str() {
                stream.extend(["event: ", kind, "\n"]);
            }
            stream.extend(["data: ", &event.to_string(), "\n\n"]);
        }
        if self == Self::OpenAi {
            stream.push_str("data: [DONE]\n\n");
        }
        stream
    }
}

fn http(status: &str, head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{head}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

fn streamed(body: &str) -> Vec<u8> {
    http("200 OK", "content-type: text/event-stream\r\n", body)
}

async fn far(turns: Vec<Vec<Vec<u8>>>) -> FarServer {
    FarServer::start(Manner::Turns(Arc::new(Mutex::new(turns)))).await
}

fn looking() -> Tool {
    Tool { name: "look".to_owned(), description: "Looks.".to_owned(), takes: json!({"type": "object"}) }
}

fn ask() -> Ask {
    Ask {
        system: "Be brief.".to_owned(),
        messages: vec![
            Message::Us { text: "How are we?".to_owned() },
            Message::Model {
                text: String::new(),
                calls: vec![Called {
                    id: "t0".to_owned(),
                    name: "look".to_owned(),
                    with: json!({"at": "kris"}),
                }],
            },
            Message::Results {
                results: vec![ToolResult { id: "t0".to_owned(), content: "12".to_owned(), refused: false }],
            },
        ],
        tools: vec![looking()],
        most_tokens: 100,
    }
}

#[tokio::test]
async fn an_answer_is_the_same_wherever_its_stream_is_cut() {
    for spoken in BOTH {
        let body = spoken.answer("Grüße: all is well.", "look", r#"{"at":"risks"}"#);
        let whole = streamed(&body);
        for size in [1, 7, 64, whole.len()] {
            let server = far(vec![whole.chunks(size).map(<[u8]>::to_vec).collect()]).await;
            let (mut heard, mut calling) = (String::new(), String::new());
            let mut hear = |piece: Piece<'_>| match piece {
                Piece::Text(text) => heard.push_str(text),
                Piece::Call { name, with, .. } => calling.extend([name, ":", with, ";"]),
            };
            let reply = spoken.model(&server).ask(&ask(), &mut hear).await.unwrap();
            assert_eq!(reply.text, "Grüße: all is well.", "{spoken:?} {size}");
            assert_eq!(heard, reply.text);
            let pieces = calling.trim_start_matches("look:;");
            assert_eq!(pieces, r#"look:{"at":";look:risks"};"#, "{spoken:?} {size}");
            let call =
                Called { id: "toolu_1".to_owned(), name: "look".to_owned(), with: json!({"at": "risks"}) };
            assert_eq!(reply.calls, [call]);
            assert_eq!((reply.stop, reply.tokens), (Stop::Calls, Tokens { input: 25, output: 15 }));
        }
    }
}

#[tokio::test]
async fn a_request_is_what_the_protocol_says_and_the_key_stands_in_its_header_alone() {
    for spoken in BOTH {
        let server = far(vec![vec![streamed(&spoken.answer("x", "look", "{}"))]]).await;
        spoken.model(&server).ask(&ask(), &mut |_| {}).await.unwrap();
        let request = server.requests().remove(0);
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let head = head.to_lowercase();
        assert!(!body.contains("canary"), "{body}");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["stream"], true);
        match spoken {
            Spoken::Anthropic => {
                assert!(head.starts_with("post /v1/messages http/1.1"), "{head}");
                assert!(
                    head.contains("x-api-key: canary-key") && head.contains("anthropic-version: 2023-06-01"),
                    "{head}"
                );
                assert_eq!(body["system"], "Be brief.");
                assert_eq!(body["messages"][1]["content"][0]["type"], "tool_use");
                assert_eq!(body["messages"][2]["content"][0]["tool_use_id"], "t0");
                assert_eq!(body["tools"][0]["input_schema"]["type"], "object");
            }
            Spoken::OpenAi => {
                assert!(head.starts_with("post /v1/chat/completions http/1.1"), "{head}");
                assert!(head.contains("authorization: bearer canary-key"), "{head}");
                assert_eq!(body["messages"][0], json!({"role": "system", "content": "Be brief."}));
                assert_eq!(body["messages"][2]["tool_calls"][0]["function"]["arguments"], r#"{"at":"kris"}"#);
                assert_eq!(
                    body["messages"][3],
                    json!({"role": "tool", "tool_call_id": "t0", "content": "12"})
                );
                assert_eq!(body["tools"][0]["function"]["parameters"]["type"], "object");
            }
        }
    }
}

#[tokio::test]
#[expect(clippy::wildcard_enum_match_arm, reason = "what is not looked for is a fault, whatever it is")]
async fn what_is_not_the_protocol_is_told_apart_and_the_key_is_never_said() {
    for spoken in BOTH {
        let good = spoken.answer("x", "look", "{}");
        let half = &good[..good.len() * 2 / 3];
        // Cut within what comes last: all was said, but not what it took.
        let last = if spoken == Spoken::OpenAi { "prompt_tokens" } else { "message_stop" };
        let late = &good[..good.rfind(last).unwrap()];
        let cut = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{half}", good.len()).into_bytes();
        for (turn, code) in [
            (streamed("data: {\"type\": \n\n"), "broken"),
            (streamed("data: {\"nothing\": true}\n\n"), "broken"),
            (streamed(half), "cut off"),
            (streamed(late), "cut off"),
            (cut, "lost"),
            (http("401 Unauthorized", "", "{}"), "key"),
            (http("404 Not Found", "", "{}"), "refused"),
            (http("302 Found", "location: http://127.0.0.1/\r\n", ""), "redirected"),
        ] {
            let server = far(vec![vec![turn]]).await;
            let error = spoken.model(&server).ask(&ask(), &mut |_| {}).await.unwrap_err();
            let found = match &error {
                ModelError::Broken => "broken",
                ModelError::CutOff => "cut off",
                ModelError::Egress(EgressError::Lost { .. }) => "lost",
                ModelError::Egress(EgressError::Redirected { .. }) => "redirected",
                ModelError::Key => "key",
                ModelError::Refused { status: 404 } => "refused",
                _ => "something else",
            };
            assert_eq!(found, code, "{spoken:?}: {error:?}");
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}

#[tokio::test]
async fn a_model_that_never_answers_is_given_up() {
    for spoken in BOTH {
        let server = FarServer::start(Manner::Silent).await;
        let error = spoken.model(&server).ask(&ask(), &mut |_| {}).await.unwrap_err();
        assert!(matches!(error, ModelError::Egress(EgressError::Timeout { .. })), "{error:?}");
    }
}

#[tokio::test]
async fn an_address_within_is_not_reached_however_it_is_written() {
    for base in
        ["http://127.0.0.1:1", "https://127.0.0.1:1", "https://[::ffff:127.0.0.1]:1", "https://0x7f.1:1"]
    {
        let egress = egress(AllowedNetworks::default());
        let model = OpenAi::new(egress, Some(base), "m", Some(key()));
        let error = model.ask(&ask(), &mut |_| {}).await.unwrap_err();
        assert!(matches!(error, ModelError::Egress(EgressError::Refused(_))), "{base}: {error:?}");
    }
}

/// A toolbox that looks something up, and takes an answer with a word in it.
#[derive(Default)]
struct Box1 {
    called: Vec<String>,
}

impl Toolbox for Box1 {
    type Answer = String;

    fn tools(&self) -> Vec<Tool> {
        vec![looking()]
    }

    fn spoken_field(&self) -> &'static str {
        "word"
    }

    fn answer_schema(&self) -> Value {
        json!({"type": "object", "properties": {"word": {"type": "string"}}})
    }

    fn call(&mut self, name: &str, _: &Value) -> Result<String, String> {
        self.called.push(name.to_owned());
        Ok("12".to_owned())
    }

    fn read(&mut self, answer: &Value) -> Result<String, String> {
        answer["word"].as_str().map(str::to_owned).ok_or_else(|| "`word` is missing".to_owned())
    }
}

async fn lead(model: &dyn Model, limits: Limits) -> (Result<String, DialogueError>, u32, Vec<String>) {
    let dialogue = Dialogue { model, book: None, limits, system: "Be brief.".to_owned() };
    let mut toolbox = Box1::default();
    let (answer, _, calls) = dialogue.lead(&mut toolbox, "How are we?".to_owned(), &mut |_| {}).await;
    (answer, calls, toolbox.called)
}

#[tokio::test]
async fn who_is_busy_is_asked_again_when_it_wants_to_be_and_given_up_where_that_is_too_late() {
    for spoken in BOTH {
        let busy =
            |after: &str| vec![http("429 Too Many Requests", &format!("retry-after: {after}\r\n"), "{}")];
        let good = vec![streamed(&spoken.answer("", ANSWER, r#"{"word":"well"}"#))];
        let server = far(vec![busy("0"), busy("0"), good.clone()]).await;
        let (answer, calls, _) = lead(&*spoken.model(&server), Limits::default()).await;
        assert_eq!((answer.unwrap().as_str(), calls, server.requests().len()), ("well", 3, 3));
        // Later than anybody waits.
        let server = far(vec![busy("1"), good]).await;
        let limits = Limits { patience: Duration::from_millis(900), ..Limits::default() };
        let (answer, calls, _) = lead(&*spoken.model(&server), limits).await;
        assert!(
            matches!(answer, Err(DialogueError::Model(ModelError::Busy { status: 429, .. }))),
            "{answer:?}"
        );
        assert_eq!(calls, 1);
    }
}

#[tokio::test]
async fn who_is_busy_is_left_alone_for_as_long_as_it_wants() {
    let wait = Duration::from_millis(120);
    let busy = || Err(ModelError::Busy { status: 429, after: Some(wait) });
    let model = Scripted::replies([busy(), busy(), calling(ANSWER, json!({"word": "well"}))]);
    let begun = Instant::now();
    assert_eq!(lead(&model, Limits::default()).await.0.unwrap(), "well");
    assert!(begun.elapsed() >= wait * 2, "{:?}", begun.elapsed());
    let forever =
        Scripted::replies([busy(), busy(), busy(), busy(), calling(ANSWER, json!({"word": "well"}))]);
    let (answer, calls, _) = lead(&forever, Limits::default()).await;
    assert!(matches!(answer, Err(DialogueError::Model(ModelError::Busy { .. }))) && calls == 4, "{calls}");
}

#[expect(clippy::unnecessary_wraps, reason = "a scripted model is told of answers and of errors alike")]
fn calling(name: &str, with: Value) -> Result<Reply, ModelError> {
    let calls = vec![Called { id: "t".to_owned(), name: name.to_owned(), with }];
    Ok(Reply { text: String::new(), calls, stop: Stop::Calls, tokens: Tokens { input: 10, output: 5 } })
}

#[expect(clippy::unnecessary_wraps, reason = "a scripted model is told of answers and of errors alike")]
fn saying(text: &str) -> Result<Reply, ModelError> {
    Ok(Reply { text: text.to_owned(), calls: Vec::new(), stop: Stop::Done, tokens: Tokens::default() })
}

#[tokio::test]
async fn a_tool_that_there_is_not_and_arguments_that_are_no_json_are_refused_and_the_model_is_told() {
    let model = Scripted::replies([
        calling("delete_everything", json!({})),
        calling("look", Value::Null),
        calling("look", json!({})),
        calling(ANSWER, json!({"word": "well"})),
    ]);
    let (answer, calls, called) = lead(&model, Limits::default()).await;
    assert_eq!((answer.unwrap().as_str(), calls), ("well", 4));
    assert_eq!(called, ["look"], "only what there is was carried out");
    let last = model.asked().pop().unwrap();
    let refused: Vec<bool> =
        last.messages
            .iter()
            .filter_map(|message| {
                if let Message::Results { results } = message { Some(results[0].refused) } else { None }
            })
            .collect();
    assert_eq!(refused, [true, true, false]);
}

#[tokio::test]
async fn where_calls_have_to_be_right_a_refused_one_counts_and_no_answer_beside_it_is_taken() {
    let strict = Limits { strict: true, ..Limits::default() };
    let call = |name: &str, with: Value| Called { id: name.to_owned(), name: name.to_owned(), with };
    let both = || {
        let calls = vec![call("fetch", json!({})), call(ANSWER, json!({"word": "done"}))];
        Ok(Reply { text: String::new(), calls, stop: Stop::Calls, tokens: Tokens::default() })
    };
    let model = Scripted::replies([both(), both(), both(), calling(ANSWER, json!({"word": "well"}))]);
    assert_eq!(lead(&model, strict).await.0.unwrap(), "well");
    let model = Scripted::replies([both(), both(), both(), both(), calling(ANSWER, json!({"word": "well"}))]);
    assert!(matches!(lead(&model, strict).await.0, Err(DialogueError::Form(4))));
}

/// A piece of an answer, where it is one.
fn drafted(heard: Heard<'_>) -> Option<(u32, String)> {
    if let Heard::Draft { nth, text } = heard { Some((nth, text.to_owned())) } else { None }
}

#[tokio::test]
async fn an_answer_is_heard_while_it_is_written_each_attempt_by_itself_wherever_the_stream_is_cut() {
    for spoken in BOTH {
        let turn = |size: usize, with: &str| {
            let whole = streamed(&spoken.answer("", ANSWER, with));
            whole.chunks(size).map(<[u8]>::to_vec).collect::<Vec<_>>()
        };
        for size in [1, 7, 64, 100_000] {
            let turns =
                vec![turn(size, r#"{"word":7,"was":"\u00fc no"}"#), turn(size, r#"{"word":"a w\u00fcrd"}"#)];
            let server = far(turns).await;
            let model = spoken.model(&server);
            let (book, limits, system) = (None, Limits::default(), "Be brief.".to_owned());
            let dialogue = Dialogue { model: &*model, book, limits, system };
            let mut heard = Vec::new();
            let mut hear = |it: Heard<'_>| heard.extend(drafted(it));
            let (answer, _, _) =
                dialogue.lead(&mut Box1::default(), "How are we?".to_owned(), &mut hear).await;
            assert_eq!(answer.unwrap(), "a würd", "{spoken:?} {size}");
            assert!(heard.iter().all(|(nth, _)| *nth == 2), "the first answer said nothing: {heard:?}");
            assert_eq!(heard.into_iter().map(|(_, text)| text).collect::<String>(), "a würd");
        }
    }
}

#[tokio::test]
async fn what_was_refused_goes_back_to_the_model_in_its_protocol() {
    for spoken in BOTH {
        let turns = vec![
            vec![streamed(&spoken.answer("", "delete_everything", "{}"))],
            vec![streamed(&spoken.answer("", "look", "{\"broken"))],
            vec![streamed(&spoken.answer("", ANSWER, r#"{"word":"well"}"#))],
        ];
        let server = far(turns).await;
        let (answer, _, called) = lead(&*spoken.model(&server), Limits::default()).await;
        assert_eq!((answer.unwrap().as_str(), called.len()), ("well", 0), "{spoken:?}");
        let body = |n: usize| {
            let request = server.requests().remove(n);
            serde_json::from_str::<Value>(request.split_once("\r\n\r\n").unwrap().1).unwrap()
        };
        for (n, why) in [(1, "there is no such tool"), (2, "the arguments are not JSON")] {
            let messages = body(n)["messages"].as_array().unwrap().clone();
            let last = messages.last().unwrap();
            let result = if spoken == Spoken::Anthropic { &last["content"][0] } else { last };
            assert!(result["content"].as_str().unwrap().contains(why), "{spoken:?}: {last}");
            if spoken == Spoken::Anthropic {
                assert_eq!(result["is_error"], true);
            }
        }
    }
}

#[tokio::test]
async fn a_bad_answer_is_returned_three_times_and_no_more() {
    let bad = || calling(ANSWER, json!({"wrong": 1}));
    let model =
        Scripted::replies([bad(), bad(), saying("no idea"), calling(ANSWER, json!({"word": "well"}))]);
    assert_eq!(lead(&model, Limits::default()).await.0.unwrap(), "well");
    let model = Scripted::replies([bad(), bad(), bad(), bad(), calling(ANSWER, json!({"word": "well"}))]);
    let (answer, calls, _) = lead(&model, Limits::default()).await;
    assert!(matches!(answer, Err(DialogueError::Form(4))), "{answer:?}");
    assert_eq!(calls, 4);
}

#[tokio::test]
async fn a_model_without_tools_may_answer_in_plain_json() {
    let model = Scripted::replies([saying("Here it is:\n```json\n{\"word\": \"well\"}\n```")]);
    assert_eq!(lead(&model, Limits::default()).await.0.unwrap(), "well");
}

#[tokio::test]
async fn budgets_of_turns_and_tokens_hold() {
    let forever = || Scripted::following(|_| calling("look", json!({})).unwrap());
    let (answer, calls, _) = lead(&forever(), Limits { turns: 5, ..Limits::default() }).await;
    assert!(matches!(answer, Err(DialogueError::Turns)));
    assert_eq!(calls, 5);
    let (answer, calls, _) = lead(&forever(), Limits { tokens: 40, ..Limits::default() }).await;
    assert!(matches!(answer, Err(DialogueError::Tokens)));
    assert_eq!(calls, 3);
    let refusing = Scripted::replies([Ok(Reply {
        text: String::new(),
        calls: Vec::new(),
        stop: Stop::Refused,
        tokens: Tokens::default(),
    })]);
    assert!(matches!(lead(&refusing, Limits::default()).await.0, Err(DialogueError::Declined)));
}
