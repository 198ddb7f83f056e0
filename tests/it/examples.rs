//! Every file of examples/ runs.

#[path = "../../examples/limit.rs"]
mod limit;
#[path = "../../examples/report.rs"]
mod report;
#[path = "../../examples/sample.rs"]
mod sample;

#[test]
fn every_example_runs() {
    type Example = fn() -> Result<(), Box<dyn std::error::Error>>;
    let all: [(&str, Example); 3] =
        [("limit", limit::main), ("report", report::main), ("sample", sample::main)];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(files, all.map(|(name, _)| name));
    for (name, example) in all {
        example().unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
