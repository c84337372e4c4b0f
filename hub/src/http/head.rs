//! The head of a connection's first request, read before the HTTP library sees it.

use std::io;

use futures_lite::{AsyncRead, AsyncReadExt};
use hyper::Request;
use hyper::http::request::Parts;
use hyper::http::{HeaderName, HeaderValue, Version};

/// More headers get 431.
pub(crate) const MAX_HEADERS: usize = 64;

/// A longer head, in bytes, gets 431.
pub(crate) const MAX_HEADER_BYTES: usize = 16 << 10;

/// What a connection began with.
#[derive(Debug)]
pub(super) struct Beginning {
    /// All bytes that were read.
    pub(super) bytes: Vec<u8>,
    /// The head that they begin with and its length; none if that is for the HTTP library to refuse.
    pub(super) head: Option<(Parts, usize)>,
}

/// Reads up to the end of the first head, or until it is clear that there is none.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Beginning> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        let mut chunk = [0; 2048];
        let n = stream.read(&mut chunk).await?;
        bytes.extend_from_slice(&chunk[..n]);
        match parse(&bytes) {
            Parsed::Partial if n > 0 && bytes.len() < MAX_HEADER_BYTES => {}
            Parsed::Head(parts, length) => return Ok(Beginning { bytes, head: Some((*parts, length)) }),
            Parsed::Partial | Parsed::Other => return Ok(Beginning { bytes, head: None }),
        }
    }
}

enum Parsed {
    Head(Box<Parts>, usize),
    Partial,
    Other,
}

fn parse(bytes: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    match head.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => {
            parts(&head).map_or(Parsed::Other, |parts| Parsed::Head(Box::new(parts), length))
        }
        Ok(httparse::Status::Partial) => Parsed::Partial,
        Err(_) => Parsed::Other,
    }
}

fn parts(head: &httparse::Request<'_, '_>) -> Option<Parts> {
    let version = if head.version? == 0 { Version::HTTP_10 } else { Version::HTTP_11 };
    let mut request = Request::builder().method(head.method?).uri(head.path?).version(version);
    for header in head.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        request = request.header(name, HeaderValue::from_bytes(header.value).ok()?);
    }
    Some(request.body(()).ok()?.into_parts().0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Beginning {
        futures_lite::future::block_on(read(&mut futures_lite::io::Cursor::new(bytes))).unwrap()
    }

    #[test]
    fn a_head_is_read_and_what_is_behind_it_kept() {
        let text = b"GET /api/v1/ws?since=now HTTP/1.1\r\nHost: localhost\r\nX: 1\r\nX: 2\r\n\r\n\x81\x80";
        let Beginning { bytes, head: Some((parts, length)) } = of(text) else { panic!("no head") };
        assert_eq!((bytes.as_slice(), &bytes[length..]), (&text[..], &b"\x81\x80"[..]));
        assert_eq!((parts.uri.path(), parts.uri.query()), ("/api/v1/ws", Some("since=now")));
        assert_eq!(parts.headers.get_all("x").iter().count(), 2);
        assert_eq!(parts.version, Version::HTTP_11);
    }

    #[test]
    fn what_is_no_head_is_left_to_the_library() {
        let long = format!("GET / HTTP/1.1\r\nX: {}", "y".repeat(20 << 10));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(70));
        for bytes in
            [&b""[..], b"GET / HTTP/1.1\r\nHost", b"\0\0", b"GET /\r\n\r\n", long.as_bytes(), many.as_bytes()]
        {
            let beginning = of(bytes);
            assert!(beginning.head.is_none(), "{}", String::from_utf8_lossy(bytes));
            assert!(
                bytes.starts_with(&beginning.bytes) && (bytes.len() < 2048) <= (beginning.bytes == bytes)
            );
        }
    }
}
