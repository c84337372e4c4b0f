use std::fs;
use std::path::{Path, PathBuf};

use crate::bindgen;
use crate::error::{At as _, Error};
use crate::npm;
use crate::packages::{self, Need};
use crate::process::{Run as _, headline};
use crate::repo::Repo;
use crate::stamp::Stamp;
use crate::toolchain::Toolchain;

/// The package directory that `@choo/wire` is built on.
const PACKAGE: &str = "wasm/js/pkg";
/// A bound so that nothing grows the module without somebody looking: just above what it weighs now. The goal is
/// 90,000 bytes (SPEC section 10). Held to where the standard library is built along.
const MAX_GZIP: usize = 89_500;

/// What the module may use: Chrome 96, Firefox 89, Safari 16.4 and Node 20 know all of it, and the package's
/// README names them. `--all-features` writes a module that Node 20 cannot load ("unknown import kind").
const WASM_OPT: [&str; 10] = [
    "-O3",
    // The first KiB: the linker puts the stack's far end there.
    "--low-memory-unused",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-simd",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Prints the length after gzip -9, then the module name of each import. Compiling the module is a check too.
/// A number is printed as text: with `FORCE_COLOR` in the environment, Node colours numbers.
const INSPECT: &str = "
    const bytes = require('node:fs').readFileSync(process.argv[1]);
    console.log(String(require('node:zlib').gzipSync(bytes, { level: 9 }).length));
    for (const { module } of WebAssembly.Module.imports(new WebAssembly.Module(bytes))) console.log(module);
";

/// Brings the browser's module up to date.
pub(crate) fn build(repo: &Repo) -> Result<(), Error> {
    packages::ensure(repo, &[Need::Wasm])?;
    npm::install(repo)?;
    let _turn = repo.lock("wasm")?;
    let Some(toolchain) = Toolchain::find() else {
        return Err(Error::Check("the compiler for wasm32 went away".to_owned()));
    };
    let compiled = compile(repo, toolchain)?;
    let package = repo.path(PACKAGE);
    let recipe = format!("{}\n{}\n{}", bindgen::VERSION, WASM_OPT.join(" "), optimiser_version(repo)?);
    let stamp = Stamp::new(repo, "wasm", recipe, vec![compiled.clone()], vec![package.clone()])?;
    if stamp.is_fresh() {
        return Ok(());
    }
    let draft = repo.scratch()?.join("pkg");
    if draft.exists() {
        fs::remove_dir_all(&draft).at("remove", &draft)?;
    }
    bindgen::generate(&compiled, &draft)?;
    let module = draft.join(bindgen::MODULE);
    npm::tool(repo, "binaryen/bin/wasm-opt").args(WASM_OPT).arg(&module).arg("-o").arg(&module).run()?;
    // Whoever bundles the package meanwhile sees the old one or the new one, not a mixture.
    if package.exists() {
        fs::remove_dir_all(&package).at("remove", &package)?;
    }
    fs::rename(&draft, &package).at("move the module to", &package)?;
    // Last, so that a module which is too large can still be tried and looked into.
    check(repo, toolchain, &package.join(bindgen::MODULE))?;
    stamp.press()
}

fn compile(repo: &Repo, toolchain: Toolchain) -> Result<PathBuf, Error> {
    let (mut command, below) = toolchain.cargo(repo);
    let target = repo.target(below);
    command
        .args(["--profile", "wasm", "-p", "choo-wasm", "--target", "wasm32-unknown-unknown", "--target-dir"])
        .arg(&target)
        .run()?;
    Ok(target.join("wasm32-unknown-unknown/wasm/choo_wasm.wasm"))
}

fn optimiser_version(repo: &Repo) -> Result<String, Error> {
    let path = repo.path("node_modules/binaryen/package.json");
    fs::read_to_string(&path).at("read", path)
}

/// The size, and that nothing but wasm-bindgen's own glue is asked of the host.
fn check(repo: &Repo, toolchain: Toolchain, module: &Path) -> Result<(), Error> {
    let raw = fs::metadata(module).at("read", module)?.len();
    let report = npm::node(repo).args(["-e", INSPECT]).arg(module).capture()?;
    let mut lines = report.lines();
    let gzip: usize = lines.next().and_then(|line| line.parse().ok()).unwrap_or(usize::MAX);
    if let Some(stray) = lines.find(|name| *name != bindgen::GLUE) {
        return Err(Error::Check(format!(
            "the module imports from `{stray}`: choo-wasm may only import what wasm-bindgen gives it"
        )));
    }
    // A standard library that came compiled is larger, which is nobody's fault who builds here.
    if gzip > MAX_GZIP && toolchain == Toolchain::Debian {
        return Err(Error::Check(format!("the module has {gzip} bytes after gzip, the limit is {MAX_GZIP}")));
    }
    headline(&format!("wasm: {raw} bytes, {gzip} after gzip -9 (limit {MAX_GZIP})"));
    Ok(())
}
