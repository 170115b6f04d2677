//! Schemas of the words that the wire is made of, so that the API's description is generated from the types themselves.

/// A text with bounds.
macro_rules! text_schema {
    ($name:ident, $($keyword:literal: $value:expr),* $(,)?) => {
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", $($keyword: $value),* })
            }
        }
    };
}
