//! From Rust to JavaScript by way of JSON.

use js_sys::{Error, JSON, Reflect};
use serde::Serialize;
use wasm_bindgen::JsValue;

/// Any of our values as a JavaScript object.
pub(crate) fn object<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, JsValue> {
    let json = serde_json::to_string(value).map_err(|error| failure("encode", &error.to_string(), None))?;
    parse(&json)
}

/// A JSON text as a JavaScript value.
pub(crate) fn parse(json: &str) -> Result<JsValue, JsValue> {
    JSON::parse(json)
}

/// JSON texts as a JavaScript array, by one `JSON.parse`.
pub(crate) fn array<'a>(items: impl IntoIterator<Item = &'a str>) -> Result<JsValue, JsValue> {
    let mut json = String::from("[");
    for item in items {
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(item);
    }
    json.push(']');
    parse(&json)
}

/// An `Error` with a stable `kind`, and where in the line (in bytes) it happened.
pub(crate) fn failure(kind: &str, message: &str, offset: Option<usize>) -> JsValue {
    let error = Error::new(message);
    // Setting a property of a fresh object cannot fail.
    let _ = Reflect::set(&error, &"kind".into(), &kind.into());
    if let Some(offset) = offset {
        let _ = Reflect::set(&error, &"offset".into(), &JsValue::from_f64(offset as f64));
    }
    error.into()
}
