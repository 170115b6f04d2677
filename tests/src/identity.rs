//! Who people and machines are, from outside: API tokens, second factors, roles and permissions that come and go.

mod api_tokens;
mod people;
mod second_factors;
mod stage;
mod sweep;
