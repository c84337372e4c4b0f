//! Wrong plans: each is refused before anything runs, with the thing, the place and the remedy, and exit
//! code 2.

use crate::common::Home;

/// Runs the plan and checks its error line and hint.
#[track_caller]
fn refused(home: &Home, plan: &str, error: &str, hint: &str) {
    let ended = home.run(["run", plan]).code(2);
    assert!(ended.stdout.is_empty(), "{ended:#?}");
    assert_eq!(ended.stderr.len(), 2, "{ended:#?}");
    assert!(ended.stderr[0].starts_with("error: ") && ended.stderr[0].contains(error), "{ended:#?}");
    assert!(ended.stderr[1].starts_with("hint: ") && ended.stderr[1].contains(hint), "{ended:#?}");
}

#[test]
fn a_cycle_names_its_units() {
    let home = Home::new();
    home.plan(&[
        ("a", &["c"], "touch ran"),
        ("b", &["a"], "touch ran"),
        ("c", &["b"], "touch ran"),
        ("d", &[], "touch ran"),
    ]);
    let ended = home.run(["run", "plan.toml"]).code(2);
    let cycle = ended.stderr[0].clone();
    assert!(cycle.contains("units wait for each other: ") && cycle.contains(" (plan.toml:"), "{cycle}");
    for unit in ["a", "b", "c"] {
        assert!(cycle.contains(&format!("{unit} -> ")), "{cycle}");
    }
    assert!(!cycle.contains("d -> ") && !home.path().join("ran").exists());
}

#[test]
fn a_missing_dependency_names_both_units() {
    let home = Home::new();
    home.plan(&[("a", &["ghost"], "touch ran")]);
    refused(&home, "plan.toml", "unit a depends on ghost, which is not in the plan (plan.toml:2)", "ghost");
    assert!(!home.path().join("ran").exists());
}

#[test]
fn a_duplicate_unit_names_both_lines() {
    let home = Home::new();
    home.plan(&[("a", &[], "true"), ("a", &[], "true")]);
    refused(&home, "plan.toml", "unit a is there twice, first in plan.toml:2 (plan.toml:8)", "another id");
}

#[test]
fn an_unknown_key_names_its_line() {
    let home = Home::new();
    home.file("plan.toml", "[[unit]]\nid = \"a\"\nneeds = []\n");
    refused(&home, "plan.toml", "needs", "choo run --help");
}

#[test]
fn an_empty_plan_a_missing_file_and_a_wrong_kind_of_file() {
    let home = Home::new();
    home.file("plan.toml", "");
    refused(&home, "plan.toml", "the plan has no units (plan.toml)", "[[unit]]");
    refused(&home, "none.toml", "no such file or directory (none.toml)", "plan.toml");
    home.file("plan.yaml", "");
    refused(&home, "plan.yaml", "not a plan (plan.yaml)", ".toml");
    home.file("specs/readme.md", "");
    refused(&home, "specs", "the plan has no units (specs)", "IMPLEMENTATION_PLAN.md");
}

#[test]
fn a_spec_without_front_matter_names_the_file() {
    let home = Home::new();
    home.file("specs/a/IMPLEMENTATION_PLAN.md", "# A\n");
    refused(&home, "specs", "the spec has no front matter (specs/a/IMPLEMENTATION_PLAN.md)", "---");
}

#[test]
fn exec_goes_with_specs_only() {
    let home = Home::new();
    home.plan(&[("a", &[], "true")]);
    let ended = home.run(["run", "plan.toml", "--exec", "true"]).code(2);
    assert!(ended.stderr[0].contains("--exec goes with a directory of specs"), "{ended:#?}");
}

#[test]
fn a_wrong_command_line_is_exit_code_2_with_a_usage() {
    let home = Home::new();
    for args in
        [&["run"][..], &["run", "x.toml", "--parallelism", "0"], &["fly"], &["run", "--web", "required"]]
    {
        let ended = home.run(args).code(2);
        assert!(ended.err().contains("error:"), "{ended:#?}");
    }
}
