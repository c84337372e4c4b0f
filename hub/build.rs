//! Builds the crate anew when the dashboard it embeds has been built anew.

fn main() {
    // A missing path would make cargo build the crate every time; its parent changes when it appears.
    let dashboard = std::path::Path::new("../ui/dist");
    let watched = if dashboard.exists() { dashboard } else { std::path::Path::new("../ui") };
    println!("cargo::rerun-if-changed=build.rs");
    if watched.exists() {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
}
