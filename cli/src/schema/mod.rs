//! `choo schema`: the JSON Schemas of the wire, and what is wrong with recorded events.

mod check;

use std::fs::File;
use std::io::{self, Read, Write as _};

use choo_schema::{Document, documents};
use clap::Args;

use crate::exit::{self, Exit, Failure};
use crate::text;
use check::{Check, Finding};

/// Print the JSON Schemas of everything on the wire, or check recorded events
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SchemaArgs {
    /// Schema to print, such as `read/event` [default: a list of them]
    #[arg(conflicts_with = "check")]
    name: Option<String>,

    /// Check events, one per line, by the rules of the hub; `-` is standard input
    #[arg(long, value_name = "FILE", num_args = 1..)]
    check: Vec<String>,
}

const AFTER_HELP: &str = "\
What stands below `read/` says what is understood, below `write/` what choo itself writes: in `read/` less \
is required. JSON Schema cannot say everything that a line must be (sizes, UTF-8, keys given twice); \
`--check` can, since it asks what the hub asks.

A finding is a line `FILE:LINE: what`. A line that is no event is refused by the hub. A payload that does \
not fit its type is kept and shown as it is, but nothing is understood of it.

Examples:
  choo schema
  choo schema read/event > event.schema.json
  my-orchestrator | choo schema --check -

Exit codes: 0 nothing was found, 1 something was, 2 wrong usage.";

/// Lists, prints or checks.
pub(crate) fn main(args: &SchemaArgs) -> Result<Exit, Failure> {
    if !args.check.is_empty() {
        return check(&args.check);
    }
    let Some(name) = &args.name else {
        documents().iter().filter(|document| document.contract.is_some()).for_each(list);
        return Ok(Exit::Success);
    };
    let wanted = name.strip_suffix(SUFFIX).unwrap_or(name);
    let document = documents().into_iter().find(|document| short_name(document) == wanted);
    let document = document.ok_or_else(|| {
        let what = format!("there is no schema {:?}", text::harmless(name, false));
        Failure::usage(what).hint("`choo schema` lists them")
    })?;
    print(document.text().as_bytes())
}

const SUFFIX: &str = ".schema.json";

fn short_name(document: &Document) -> &'static str {
    document.file.strip_suffix(SUFFIX).unwrap_or(document.file)
}

fn list(document: &Document) {
    let description = document.schema["description"].as_str().unwrap_or_default();
    let first = description.split_inclusive(". ").next().unwrap_or_default();
    exit::say(&format!("{:12} {}", short_name(document), first.trim_end()));
}

fn print(text: &[u8]) -> Result<Exit, Failure> {
    match io::stdout().lock().write_all(text) {
        // Whoever reads has seen enough: `choo schema read/event | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Success),
        Err(error) => Err(Failure::new(format_args!("cannot write the schema: {error}"))),
        Ok(()) => Ok(Exit::Success),
    }
}

fn check(files: &[String]) -> Result<Exit, Failure> {
    let mut total = Check::default();
    for file in files {
        let (input, name) = open(file)?;
        let unreadable = |error| Failure::new(format_args!("cannot read the events: {error} ({name})"));
        let mut told = 0;
        total
            .read(input, |Finding { line, what }| {
                told += 1;
                if told <= TOLD {
                    exit::say(&format!("{name}:{line}: {}", text::harmless(&what, false)));
                }
            })
            .map_err(unreadable)?;
        if told > TOLD {
            exit::say(&format!("{name}: {} more", told - TOLD));
        }
    }
    exit::note(&total.summary());
    Ok(if total.is_clean() { Exit::Success } else { Exit::Failed })
}

fn open(file: &str) -> Result<(Box<dyn Read>, String), Failure> {
    if file == "-" {
        return Ok((Box::new(io::stdin().lock()), "standard input".to_owned()));
    }
    let opened = File::open(file)
        .map_err(|error| Failure::usage(format_args!("cannot read the events: {error} ({file})")))?;
    Ok((Box::new(opened), file.to_owned()))
}

/// Findings of one file told one by one: an input that is something else altogether must not flood the
/// terminal.
const TOLD: u64 = 100;
