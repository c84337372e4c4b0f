//! Schemas and golden vectors.

use std::path::PathBuf;

use choo_schema::documents;
use jsonschema::Validator;

/// The validator of a schema file, named without its ending.
pub(crate) fn validator(name: &str) -> Validator {
    let file = format!("{name}.schema.json");
    let document = documents().into_iter().find(|document| document.file == file).unwrap();
    jsonschema::draft202012::options().should_validate_formats(true).build(&document.schema).unwrap()
}

/// The text of a golden vector.
pub(crate) fn vector(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
