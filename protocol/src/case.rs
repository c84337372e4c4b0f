//! Keys that are one to some readers and two to others.

/// Whether a reader that overlooks case takes `name` for `known`, which is ASCII, though they differ.
///
/// Go's `encoding/json` does so for the members of a struct, and by Unicode's rules: the long s is an s
/// and the Kelvin sign a k.
pub(crate) fn differs_by_case(name: &str, known: &str) -> bool {
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    name != known && name.chars().map(fold).eq(known.chars().map(fold))
}

#[cfg(test)]
mod tests {
    use super::differs_by_case;

    #[test]
    fn case_is_unicodes() {
        for name in ["Task", "TASK", "ta\u{17f}k", "TAS\u{212a}"] {
            assert!(differs_by_case(name, "task"), "{name}");
        }
        for name in ["task", "tasks", "tas", "", "t\u{e4}sk", "task "] {
            assert!(!differs_by_case(name, "task"), "{name}");
        }
    }
}
