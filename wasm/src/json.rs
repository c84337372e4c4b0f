//! From Rust to JavaScript by way of JSON.

use choo_protocol::to_json;
use serde::Serialize;
use wasm_bindgen::prelude::*;

// Three of JavaScript's own, named here: a crate that names them all weighs more than they do.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = JSON, js_name = parse)]
    fn json_parse(text: &str) -> Result<JsValue, JsValue>;

    type Error;
    #[wasm_bindgen(constructor)]
    fn new(message: &str) -> Error;

    #[wasm_bindgen(catch, js_namespace = Reflect, js_name = set)]
    fn set(target: &Error, key: &str, value: &JsValue) -> Result<bool, JsValue>;
}

/// Any of our values as a JavaScript object.
pub(crate) fn object<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, JsValue> {
    // Our answers have string and integer keys and no floats, so this does not happen.
    let json = to_json(value).map_err(|_| failure("unwritable", "an answer has no JSON form", None))?;
    parse(&json)
}

/// A JSON text as a JavaScript value.
pub(crate) fn parse(json: &str) -> Result<JsValue, JsValue> {
    json_parse(json)
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
    let _ = set(&error, "kind", &kind.into());
    if let Some(offset) = offset {
        let _ = set(&error, "offset", &JsValue::from_f64(offset as f64));
    }
    error.into()
}
