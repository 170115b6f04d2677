//! What the language admits, how it counts, and that nothing in it can hang a run.

use chrono::TimeZone;

use super::*;

fn scope() -> Scope {
    Scope { now: Utc.with_ymd_and_hms(2026, 3, 31, 12, 0, 0).unwrap(), config: Val::default() }
}

fn eval(source: &str, json: &str) -> Result<String, EvaluationError> {
    let input = jaq_json::read::parse_single(json.as_bytes()).unwrap();
    Expression::parse(source)
        .unwrap_or_else(|e| panic!("{source}: {e:?}"))
        .one(input, &scope())
        .map(|v| v.to_string())
}

fn refused(source: &str) -> ExpressionError {
    Expression::parse(source).expect_err(source)
}

#[test]
fn percentages_are_exact_to_two_places() {
    assert_eq!(eval("percent(1; 3)", "null").unwrap(), "33.33");
    assert_eq!(eval("percent(2; 3)", "null").unwrap(), "66.67");
    assert_eq!(eval("percent(1; 800)", "null").unwrap(), "0.13", "0.125 rounds away from zero");
    assert_eq!(eval("percent(7; 7)", "null").unwrap(), "100");
    assert_eq!(eval("share(.ok)", r#"[{"ok":true},{"ok":false},{"ok":true},{"ok":true}]"#).unwrap(), "75");
}

#[test]
fn a_share_of_nothing_is_nothing_and_not_zero() {
    assert_eq!(eval("share(.ok)", "[]").unwrap(), "null");
    assert_eq!(eval("percent(0; 0)", "null").unwrap(), "null");
    assert_eq!(eval("mean", "[]").unwrap(), "null");
    assert_eq!(eval("percentile(95)", "[]").unwrap(), "null");
}

#[test]
fn decimals_do_not_pass_through_floats() {
    assert_eq!(eval(".a + .b", r#"{"a":0.1,"b":0.2}"#).unwrap(), "0.3");
    assert_eq!(eval("[.a, .b, .b] | add", r#"{"a":0.1,"b":0.2}"#).unwrap(), "0.5");
    assert_eq!(eval("mean", "[0.1, 0.2]").unwrap(), "0.15");
    assert_eq!(eval(".", "99999999999999999999.25").unwrap(), "99999999999999999999.25");
    assert_eq!(eval("tonumber", "\"12.50\"").unwrap(), "12.5");
    assert_eq!(eval("1.1 * 3", "null").unwrap(), "3.3");
}

#[test]
fn percentiles_are_values_that_were_measured() {
    assert_eq!(eval("percentile(50)", "[5, 1, 4, 2, 3]").unwrap(), "3");
    assert_eq!(eval("percentile(95)", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]").unwrap(), "10");
    assert_eq!(eval("percentile(0)", "[3, 1.5]").unwrap(), "1.5");
}

#[test]
fn ages_are_counted_against_the_clock_of_the_run() {
    assert_eq!(
        eval("older_than(30)", "\"2026-03-01T12:00:00Z\"").unwrap(),
        "false",
        "thirty days are not more"
    );
    assert_eq!(eval("older_than(30)", "\"2026-03-01T11:59:59.000Z\"").unwrap(), "true");
    assert_eq!(eval("age_days", "\"2026-03-30T00:00:00+0000\"").unwrap(), "1.5");
    assert_eq!(eval("epoch", "1774958400000").unwrap(), "1774958400", "milliseconds are told from seconds");
    assert_eq!(eval("now", "null").unwrap(), "1774958400");
    assert_eq!(eval("$now", "null").unwrap(), "1774958400");
    assert_eq!(eval("age_days", "\"yesterday\""), Err(EvaluationError::Shape));
    assert_eq!(eval("age_days", "null"), Err(EvaluationError::Shape));
}

#[test]
fn ordinary_jq_reads_as_jq() {
    let json = r#"{"users":[{"id":1,"tags":["a"]},{"id":2,"tags":[]}],"n":"x"}"#;
    assert_eq!(eval(".users | map(select(.tags | length > 0)) | length", json).unwrap(), "1");
    assert_eq!(eval(". as $all | [.users[] | .id] | max - ($all.users | length)", json).unwrap(), "0");
    assert_eq!(eval("if .n == \"x\" then 1 else 2 end", json).unwrap(), "1");
    assert_eq!(eval("count(.users[] | select(.tags | any(. == \"a\")))", json).unwrap(), "1");
    assert_eq!(
        eval("[.users[] | {id, t: \"\\(.id)-\\(.tags | length)\"}] | map(.t) | join(\",\")", json).unwrap(),
        "\"1-1,2-0\""
    );
    assert_eq!(eval("(.missing // 3) + (.n | try tonumber catch 4)", json).unwrap(), "7");
    assert_eq!(eval("[.users[]?.tags[]?] | unique | group_by(.) | length", json).unwrap(), "1");
    assert_eq!(eval("[..|numbers] | add", json).unwrap(), "3");
    assert_eq!(eval(".users[-1:][0].id", json).unwrap(), "2");
}

#[test]
fn the_environment_the_clock_and_endless_loops_are_not_admitted() {
    for source in [
        "env",
        "$ENV",
        "$__prog_args",
        "input",
        "inputs",
        "debug",
        "halt",
        "halt_error",
        "stderr",
        "localtime",
        "repeat(.)",
        "recurse(.)",
        "while(true; .)",
        "until(false; .)",
        "range(1000000000000)",
        "limit(3; .)",
        "def f: f; f",
        "reduce .[] as $x (0; . + $x)",
        "foreach .[] as $x (0; .)",
        "label $x | break $x",
        ".a = 1",
        ".a |= 1",
        ".a += 1",
        "del(.a)",
        "walk(.)",
        "@base64",
        "test(\"(a+)+$\")",
        "fromjson",
        "tojson",
        "input_line_number",
        "getpath([\"a\"])",
        "error(\"x\")",
        "draxis_tick",
        "import \"a\" as a; .",
    ] {
        refused(source);
    }
}

#[test]
fn a_mistake_is_placed() {
    let mistake = refused(".users | lenght");
    assert_eq!(mistake.offset, 9);
    assert!(mistake.reason.contains("lenght/0"), "{mistake}");
    assert_eq!(refused(".users | $nwo").offset, 9);
    assert!(refused(".users | [").offset >= 9);
    assert!(refused("").reason.contains("ends where"));
}

/// Evaluates with a hundredth of the fuel, so that running out of it is quick.
fn eval_little(source: &str, json: &str) -> Result<String, EvaluationError> {
    let input = jaq_json::read::parse_single(json.as_bytes()).unwrap();
    let expression = Expression::parse(source).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    let values = expression.all_within(&Meter::new(FUEL / 100, LONGEST_EVALUATION), input, &scope())?;
    Ok(values.first().unwrap().to_string())
}

#[test]
fn an_expression_that_multiplies_without_end_is_stopped() {
    let list = format!("[{}]", vec!["1"; 200].join(","));
    let cube = "[.[] as $a | .[] as $b | .[] as $c | .[] as $d | 1] | length";
    assert_eq!(eval_little(cube, &list), Err(EvaluationError::TooMuchWork));
    assert_eq!(eval_little("[.[] + .[] + .[] + .[]] | length", &list), Err(EvaluationError::TooMuchWork));
    assert_eq!(
        eval_little("[{a: .[], b: .[], c: .[], d: .[]}] | length", &list),
        Err(EvaluationError::TooMuchWork)
    );
    assert_eq!(eval_little("[try .[] catch 0 | try $now catch 0] | length", &list).unwrap(), "200");
    assert_eq!(
        eval_little("try ([.[] as $a | .[] as $b | .[] as $c | .[] | 1] | length) catch 0", &list),
        Err(EvaluationError::TooMuchWork)
    );
}

#[test]
fn a_text_that_doubles_without_end_is_stopped() {
    let doubling = vec![". + ."; 40].join(" | ");
    assert_eq!(eval_little(&doubling, "\"abcdefgh\""), Err(EvaluationError::TooMuchWork));
    assert_eq!(eval_little("\"a\" * 1000000000", "null"), Err(EvaluationError::Shape));
    let twice = vec![r#""\(.)\(.)""#; 40].join(" | ");
    assert_eq!(eval_little(&twice, "\"abcdefgh\""), Err(EvaluationError::TooMuchWork));
}

#[test]
fn deep_nesting_is_refused_before_it_is_parsed() {
    refused(&"[".repeat(1_000));
    refused(&"(".repeat(1_900));
    refused(&format!("{}1", "-".repeat(1_900)));
    refused(&".|".repeat(950));
    refused(&"if ".repeat(600));
    refused(&"try ".repeat(490));
    refused(&"x".repeat(3_000));
    refused(&format!("1{}", "+1".repeat(990)));
    refused(&format!(".{}", "?".repeat(1_900)));
    refused(&format!("1{}", " and 1".repeat(330)));
}

#[test]
fn a_longer_filter_over_many_items_fits() {
    let item =
        r#"{"severity":"critical","state":"OPEN","first":"2026-01-01T00:00:00Z","cves":["CVE-1","CVE-2"]}"#;
    let json = format!("[{}]", vec![item; 5_000].join(","));
    let source = "[.[] | select(.severity == \"critical\" and .state == \"OPEN\" and (.first | older_than(30))) | .cves[]] | unique | length";
    assert_eq!(eval(source, &json).unwrap(), "2");
}

#[test]
fn the_longest_chains_that_are_admitted_fit_a_worker_thread() {
    let chains = [
        format!(".{}", "|.".repeat(99)),
        format!("1{}", "+1".repeat(99)),
        format!("1{}", " and 1".repeat(99)),
        format!(".{}", "?".repeat(99)),
        format!("{}1{}", "[".repeat(24), "]".repeat(24)),
        format!("{}1{}", "if 1 then ".repeat(24), " end".repeat(24)),
        format!("{}1", "try ".repeat(24)),
        format!("{}1", ". as $x | ".repeat(24)),
    ];
    for source in &chains {
        Expression::parse(source)
            .unwrap_or_else(|e| panic!("{source}: {e}"))
            .all(Val::default(), &scope())
            .unwrap();
    }
}

#[test]
fn every_admitted_function_is_documented_and_exists() {
    let readme = include_str!("../../../connectors/README.md");
    for (name, arguments) in admitted::ADMITTED {
        assert!(readme.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == *name), "{name}");
        let call = if *arguments == 0 {
            (*name).to_owned()
        } else {
            format!("{name}({})", vec!["."; *arguments].join("; "))
        };
        Expression::parse(&call).unwrap_or_else(|e| panic!("{call}: {e}"));
    }
}
