//! The digest of a draft: what is confirmed is what was shown.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// SHA-256 of the draft's canonical JSON (keys in order, no spaces), in hex.
pub fn digest(definition: &Value) -> String {
    let mut text = String::new();
    canonical(definition, &mut text);
    data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

fn canonical(value: &Value, into: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort();
            into.push('{');
            for (n, key) in keys.into_iter().enumerate() {
                let comma = if n == 0 { "" } else { "," };
                into.push_str(comma);
                into.push_str(&Value::String(key.clone()).to_string());
                into.push(':');
                if let Some(inner) = map.get(key) {
                    canonical(inner, into);
                }
            }
            into.push('}');
        }
        Value::Array(items) => {
            into.push('[');
            for (n, inner) in items.iter().enumerate() {
                if n > 0 {
                    into.push(',');
                }
                canonical(inner, into);
            }
            into.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            into.push_str(&value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::digest;

    #[test]
    fn the_order_of_keys_makes_no_difference_and_every_value_does() {
        let one: serde_json::Value = serde_json::from_str(r#"{"b":[1,{"y":2,"x":"é"}],"a":null}"#).unwrap();
        assert_eq!(digest(&one), digest(&json!({"a": null, "b": [1, {"x": "é", "y": 2}]})));
        assert_ne!(digest(&one), digest(&json!({"a": null, "b": [1, {"x": "e", "y": 2}]})));
        assert_eq!(digest(&json!({})), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }
}
