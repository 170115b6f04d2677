//! Every way in: HTTP routes, the console and the draxis command line.
//!
//! Here live the one table of routes, the handlers that parse, call and answer, the embedded Postgres and the start of the
//! program. What never lives here: a rule of the product, SQL on its tables, a request to the outside.

pub mod account;
pub mod answer;
pub mod api_token;
pub mod app;
pub mod approval;
pub mod audit;
pub mod auth;
pub mod body;
pub mod breach;
pub mod case_file;
pub mod config;
pub mod control;
pub mod dashboard;
pub mod delivery;
pub mod demo;
pub mod document;
pub mod effect;
pub mod embedded_postgres;
pub mod errand;
pub mod health;
pub mod interview;
pub mod kri;
pub mod kri_event_definition;
pub mod memory;
pub mod metrics;
pub mod model_config;
pub mod openapi;
pub mod organization;
pub mod outcome;
pub mod page;
pub mod panel;
pub mod past;
pub mod path;
pub mod person;
pub mod prefer;
pub mod preview;
pub mod problem;
pub mod program;
pub mod rate_limit;
pub mod relay;
pub mod request;
pub mod risk;
pub mod routes;
pub mod server;
mod shape;
pub mod source;
pub mod streams;
pub mod telemetry;
pub mod vendor;
pub mod workflow;
pub mod workflow_run;

/// What every program that serves allocates with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
