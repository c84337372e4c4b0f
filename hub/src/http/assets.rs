//! The dashboard, embedded at build time.

use std::fmt::Write;

use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderValue};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::respond::{self, ApiError, Response};

/// What `npm run build -w ui` made; empty if that has not run.
#[derive(RustEmbed)]
#[folder = "../ui/dist"]
#[allow_missing = true]
struct Dashboard;

/// Served in the dashboard's place by a hub built without it.
const MISSING: &str = "<!doctype html><meta charset=\"utf-8\"><title>choo</title>\
    <h1>This hub was built without its dashboard</h1>\
    <p>Run <code>cargo xtask ui</code>, then build <code>choo</code> again. The API and \
    <code>choo tail</code> work as they are.</p>\n";

/// Answers with a file of the dashboard.
pub(crate) fn get(path: &str, request: &HeaderMap) -> Response {
    let Some(file) = Dashboard::get(path) else {
        return if path == "index.html" {
            respond::bytes("text/html; charset=utf-8", MISSING)
        } else {
            ApiError::not_found("there is no such file").into()
        };
    };
    // The bundler puts a hash of the contents into the names below `assets/`.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let content_type = content_type(&file);
    answer(file, &content_type, cache, request)
}

/// Answers with an embedded file, unless the reader has it already.
pub(super) fn answer(
    file: EmbeddedFile,
    content_type: &str,
    cache: &'static str,
    request: &HeaderMap,
) -> Response {
    let tag = tag(&file);
    let mut response = if request.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_bytes()) {
        respond::empty(StatusCode::NOT_MODIFIED)
    } else {
        respond::bytes(content_type, file.data.into_owned())
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn content_type(file: &EmbeddedFile) -> String {
    let kind = file.metadata.mimetype();
    let text = kind.starts_with("text/") || kind == "application/javascript";
    if text { format!("{kind}; charset=utf-8") } else { kind.to_owned() }
}

fn tag(file: &EmbeddedFile) -> String {
    let mut tag = String::from("\"");
    for byte in &file.metadata.sha256_hash()[..16] {
        // Writing to a String cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_page_and_never_a_file_that_is_not_the_dashboards() {
        let page = get("index.html", &HeaderMap::new());
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(page.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        for path in
            ["../Cargo.toml", "/etc/passwd", "assets/../../Cargo.toml", "nothing.js", "", "%2e%2e/Cargo.toml"]
        {
            assert_eq!(get(path, &HeaderMap::new()).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn files_are_revalidated_or_kept_for_ever() {
        for path in Dashboard::iter() {
            let response = get(&path, &HeaderMap::new());
            let headers = response.headers();
            let immutable = headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable");
            assert_eq!(immutable, path.starts_with("assets/"), "{path}");
            if path.ends_with(".wasm") {
                assert_eq!(headers[header::CONTENT_TYPE], "application/wasm");
            }
            let known = HeaderMap::from_iter([(header::IF_NONE_MATCH, headers[header::ETAG].clone())]);
            assert_eq!(get(&path, &known).status(), StatusCode::NOT_MODIFIED, "{path}");
        }
    }
}
