//! Prometheus: a `PromQL` query for each value, evaluated at the run's time.

use serde::Deserialize;

use super::{
    ConfigMistake, GenericAuth, MOST_VALUES, config as read_config, doubles, expression, kri, manifest,
    request, slug, url,
};
use crate::connector::manifest::{Kri, Manifest, Request};
use crate::connector::template::Template;

/// A source's configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PrometheusConfig {
    /// Where Prometheus, or what speaks its API, answers.
    pub url: String,
    /// Who asks.
    #[serde(default)]
    pub auth: GenericAuth,
    /// What to ask.
    pub queries: Vec<QueryConfig>,
}

/// One query.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryConfig {
    /// The KRI it is written to.
    pub slug: String,
    /// The `PromQL`; it has to give one series, or a scalar.
    pub query: String,
}

/// The one number of an answer. An empty vector is nothing to measure; several series, NaN and infinity are no value.
const VALUE: &str = r#"if .resultType == "scalar" then .result[1] | tonumber
elif .resultType == "vector" and (.result | length) == 0 then null
elif .resultType == "vector" and (.result | length) == 1 then .result[0].value[1] | tonumber
else error end"#;

/// Makes the configuration something that can be run, or says all that is wrong with it.
pub fn read(config: &serde_json::Value) -> Result<Manifest, Vec<ConfigMistake>> {
    let config: PrometheusConfig = read_config(config)?;
    let slugs = config.queries.iter().take(MOST_VALUES).map(|value| value.slug.as_str());
    let mut mistakes: Vec<ConfigMistake> = doubles("queries", slugs).collect();
    if config.queries.is_empty() || config.queries.len() > MOST_VALUES {
        mistakes.push(ConfigMistake::new("/queries", format!("1 to {MOST_VALUES} queries")));
    }
    let base = url("/url", &config.url).map_err(|mistake| mistakes.push(mistake)).ok();
    let (mut requests, mut kris) = (Vec::new(), Vec::new());
    for (index, query) in config.queries.iter().enumerate().take(MOST_VALUES) {
        match asked(index, query) {
            Ok((request, kri)) => {
                requests.push(request);
                kris.push(kri);
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    match base {
        Some(base) if mistakes.is_empty() => {
            let base = base.as_str().trim_end_matches('/').to_owned();
            manifest("prometheus", &base, config.auth, (requests, kris)).map_err(|mistake| vec![mistake])
        }
        Some(_) | None => Err(mistakes),
    }
}

fn asked(index: usize, query: &QueryConfig) -> Result<(Request, Kri), ConfigMistake> {
    let slug = slug(&format!("/queries/{index}/slug"), &query.slug)?;
    if query.query.trim().is_empty() || query.query.len() > 4_000 {
        return Err(ConfigMistake::new(
            format!("/queries/{index}/query"),
            "a query has 1 to 4000 characters",
        ));
    }
    let time = Template::parse("${now:epoch}").map_err(|error| ConfigMistake::new("", error.to_string()))?;
    let id = format!("q{index}");
    let mut request = request(&id, "the query", "/api/v1/query");
    request.query = vec![("query".to_owned(), Template::literal(&query.query)), ("time".to_owned(), time)];
    // Thanos and Mimir answer 200 with warnings when a part of the data is missing.
    request.require = Some(expression("", r#".status == "success" and ((.warnings // []) | length) == 0"#)?);
    let value = expression("", &format!(".{id}.data | {VALUE}"))?;
    Ok((request, kri(slug, &id, value)))
}
