use std::path::Path;

use wasm_bindgen_cli_support::Bindgen;

use crate::error::Error;

/// The generator's version; it has to be the one of the `wasm-bindgen` crate.
pub(crate) const VERSION: &str = "wasm-bindgen 0.2.130";
/// The optimisable file among those generated.
pub(crate) const MODULE: &str = "choo_wasm_bg.wasm";
/// The only module it may import from: the generated JavaScript.
pub(crate) const GLUE: &str = "./choo_wasm_bg.js";

/// Writes the module, its JavaScript and its types into a directory.
pub(crate) fn generate(compiled: &Path, out: &Path) -> Result<(), Error> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).typescript(true).remove_producers_section(true);
    bindgen
        .web(true)
        .and_then(|bindgen| bindgen.generate(out))
        .map_err(|error| Error::Bindgen(format!("{error:#}")))
}
