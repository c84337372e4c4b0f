//! Doc comments as descriptions.

/// A doc comment without its Rust examples and without links into Rust.
pub(crate) fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        let is_fence = line.trim_start().starts_with("```");
        let repeats_blank = line.is_empty() && lines.last().is_none_or(|last| last.is_empty());
        if is_fence {
            fenced = !fenced;
        }
        if !(is_fence || fenced || repeats_blank) {
            lines.push(line);
        }
    }
    unlink(lines.join("\n").trim())
}

/// ``[`X::y`]`` and ``[`X::y`](path)`` become `` `X.y` ``.
fn unlink(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("[`") {
        out.push_str(&rest[..start]);
        let link = &rest[start..];
        let Some(end) = link[2..].find("`]").map(|at| at + 2) else {
            rest = link;
            break;
        };
        out.push_str(&link[1..=end].replace("::", "."));
        rest = &link[end + 2..];
        let target = rest.strip_prefix('(').and_then(|tail| tail.find(')'));
        if let Some(close) = target {
            rest = &rest[close + 2..];
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_and_links_go() {
        let text =
            "A graph, see [`Graph::levels`] and\n[`Line`](crate::Line)s [x].\n\n```\nuse a::B;\n```\n\nMore.";
        assert_eq!(prose(text), "A graph, see `Graph.levels` and\n`Line`s [x].\n\nMore.");
        assert_eq!(prose("An open [`bracket"), "An open [`bracket");
        assert_eq!(prose("Text.\n\n```\nlet x = 1;\n```"), "Text.");
    }
}
