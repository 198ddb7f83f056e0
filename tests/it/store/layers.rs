//! Rows of a second table come and go with their samples: through kills, shards, merges and damage.

use crate::support::without;
use eoc_ntk::study::export::{Format, Table, export};
use eoc_ntk::study::store::LayerRow;
use rusqlite::Connection;

use super::*;

/// [`STUDY`] with rows of layers: depths 2 and 3.
fn study() -> String {
    format!("layers = true\n{STUDY}")
}

/// Every row of the table, bit by bit.
fn layers(dir: &Path) -> Result<Vec<String>, StoreError> {
    let reader = Reader::open(dir)?;
    let mut rows = reader.rows::<LayerRow>(5);
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(format!("{:?}", values(&row)));
    }
    Ok(all)
}

#[test]
fn layers_survive_a_stop_and_shards_merge_to_the_rows_of_one_run() {
    let temp = tempfile::tempdir().unwrap();
    let (straight, stopped) = (temp.path().join("straight"), temp.path().join("stopped"));
    let plan = plan(&study());
    run_into(&straight, &plan, STRAIGHT).unwrap();
    let expected = layers(&straight).unwrap();
    // Two networks of depth 2 and two of depth 3, 24 seeds each.
    assert_eq!(expected.len(), 2 * 24 * 2 + 2 * 24 * 3);
    assert!(expected[1].starts_with("[Integer(0), Integer(0), Integer(2), Null, Real("), "{}", expected[1]);
    assert_eq!(
        rows(&straight).unwrap(),
        rows(&finished().1).unwrap(),
        "the samples are what they are without"
    );
    for stop_after in [1, 3] {
        run_into(&stopped, &plan, How { stop_after, batch: Some(5), ..STRAIGHT }).unwrap();
        assert!(layers(&stopped).unwrap().len() < expected.len());
    }
    run_into(&stopped, &plan, STRAIGHT).unwrap();
    assert_eq!(layers(&stopped).unwrap(), expected);
    let shards: Vec<PathBuf> = (0..3)
        .map(|index| {
            let dir = temp.path().join(format!("shard-{index}"));
            let shard = Shard::new(index, 3).unwrap();
            run_into(&dir, &plan, How { shard, batch: Some(1 + index as usize), ..STRAIGHT }).unwrap();
            dir
        })
        .collect();
    let whole = temp.path().join("whole");
    merge(&shards[..2], &whole).unwrap();
    merge(&[shards[2].clone(), straight.clone()], &whole).unwrap();
    assert_eq!(layers(&whole).unwrap(), expected);
    assert_eq!(run_into(&whole, &plan, STRAIGHT).unwrap(), Outcome { added: 0, missing: 0 });
}

#[test]
fn a_directory_has_layers_of_all_its_samples_or_of_none() {
    let temp = tempfile::tempdir().unwrap();
    let (with, without) = (temp.path().join("with"), temp.path().join("without"));
    run_into(&with, &plan(&study()), STRAIGHT).unwrap();
    run_into(&without, &plan(STUDY), STRAIGHT).unwrap();
    assert_ne!(plan(&study()).directory_name(), plan(STUDY).directory_name(), "directories of their own");
    assert_eq!(plan(&format!("layers = false\n{STUDY}")), plan(STUDY));
    for (dir, text, found, asked) in [
        (&with, STUDY.to_owned(), "with layers", "without further tables"),
        (&without, study(), "without further tables", "with layers"),
    ] {
        let before = contents(dir);
        let error = run_into(dir, &plan(&text), STRAIGHT).unwrap_err().to_string();
        assert!(error.contains(&format!("holds samples {found}")), "{error}");
        assert!(error.ends_with(&format!("asks for samples {asked}")), "{error}");
        assert_eq!(contents(dir), before);
    }
    let error = merge(&[with.clone(), without.clone()], &temp.path().join("out")).unwrap_err().to_string();
    assert!(
        error.contains("numerics 4, without further tables") && error.contains("numerics 4, with layers"),
        "{error}"
    );
}

#[test]
fn a_layer_that_is_missing_or_changed_is_damage_and_one_that_differs_a_conflict() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("run");
    let plan = plan(&study());
    run_into(&dir, &plan, STRAIGHT).unwrap();
    let whole = fs::read(dir.join("run.sqlite")).unwrap();
    for (sql, part) in [
        (
            "DELETE FROM layers WHERE cell = 1 AND seed = 3 AND layer = 2",
            "seed 3 has 1 of 2 rows of the table layers",
        ),
        ("DELETE FROM layers WHERE cell = 1 AND seed >= 3", "seed 3 has 0 of 2 rows"),
        (
            "UPDATE layers SET term_op = term_op + 1e-9 WHERE cell = 2 AND seed = 0 AND layer = 3",
            "its check sum",
        ),
        ("UPDATE layers SET pairs = pairs + 1 WHERE cell = 0 AND seed = 0", "its check sum"),
        ("UPDATE manifest SET value = '' WHERE name = 'details'", "does not agree with its digest"),
    ] {
        fs::write(dir.join("run.sqlite"), &whole).unwrap();
        Connection::open(dir.join("run.sqlite")).unwrap().execute_batch(sql).unwrap();
        let error = rows(&dir).unwrap_err();
        assert!(
            matches!(error, StoreError::Damaged { .. }) && error.to_string().contains(part),
            "{sql}: {error}"
        );
        assert!(run_into(&dir, &plan, STRAIGHT).is_err(), "{sql}");
    }
    // A sample that was lost is drawn again, whatever was left of its layers.
    fs::write(dir.join("run.sqlite"), &whole).unwrap();
    let expected = layers(&dir).unwrap();
    let lose = "DELETE FROM samples WHERE cell = 3 AND seed IN (0, 7, 23)";
    Connection::open(dir.join("run.sqlite")).unwrap().execute_batch(lose).unwrap();
    assert_eq!(run_into(&dir, &plan, STRAIGHT).unwrap().added, 3);
    assert_eq!(layers(&dir).unwrap(), expected);
    let off = temp.path().join("off");
    run_into(&off, &plan, How { layers_factor: 1.0 + f64::EPSILON, ..STRAIGHT }).unwrap();
    let error = merge(&[dir, off], &temp.path().join("out")).unwrap_err().to_string();
    assert!(
        error.contains("conflict at cell 0, seed 0") && error.contains("differ in cosine_max"),
        "{error}"
    );
}

#[test]
fn exported_layers_have_their_columns_behind_those_of_the_sample() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("run");
    run_into(&dir, &plan(&study()), STRAIGHT).unwrap();
    let mut out = Vec::new();
    let count = export(&Reader::open(&dir).unwrap(), Table::Layers, Format::Csv, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap(),
        "cell,seed,activation,a,b,depth,schedule,widths,outputs,scale,data,normalize,n,sampler,precision,layer,norm_max,\
         cosine_max,icd_mean,icd_max,gradient_norm_max,gradient_inner_max,term_op,pairs"
    );
    assert_eq!((count, lines.clone().count()), (240, 240));
    let first: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!((first[0], first[15], first[16], first[23]), ("0", "1", "", "1"), "{first:?}");
}

#[test]
fn a_table_that_a_directory_does_not_have_is_refused() {
    let (_temp, dir) = finished();
    let path = dir.to_str().unwrap();
    let output = eoc(&dir, &["export", path, "--format", "csv", "--table", "layers"]);
    refused(&output, 2, &["has no layers", "layers = true"]);
    let output = eoc(&dir, &["export", path, "--format", "csv", "--table", "leyers"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("samples, layers"), "{error}");
}

#[test]
fn the_program_runs_and_exports_layers() {
    let temp = tempfile::tempdir().unwrap();
    let run = |out: &str, more: &[&str]| {
        let network = "run --activation relu --depth 3 --width 4 --data gaussian:n=3,dim=2,seed=1 --seeds 2 --device cpu --out";
        let args: Vec<&str> = network.split(' ').chain([out]).chain(more.iter().copied()).collect();
        let output = eoc(temp.path(), &args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let exported = |out: &str, table: &str| {
        let output = eoc(temp.path(), &["export", out, "--format", "csv", "--table", table]);
        let text = String::from_utf8(output.stdout).unwrap();
        without(&text, &["seconds"])
    };
    run("plain", &[]);
    run("flag", &["--layers"]);
    run("key", &["--set", "layers=true"]);
    assert_eq!(exported("flag", "samples"), exported("plain", "samples"), "all but the seconds");
    let layers = exported("flag", "layers");
    assert_eq!((layers.len(), &layers), (1 + 6, &exported("key", "layers")));
    assert!(fs::read_to_string(temp.path().join("flag/study.toml")).unwrap().contains("layers = true"));
    let output = eoc(temp.path(), &["run", "--set", "layers=yes", "--out", "x"]);
    refused(&output, 2, &["layers: is the text \"yes\"; write true or false"]);
}
