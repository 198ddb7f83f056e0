//! Shards merge to the bytes of one run, or not at all.

use rusqlite::Connection;

use super::*;

/// Shards of [`STUDY`], or of another, each in a directory of its own; `how` may differ by shard.
fn shards(at: &Path, text: &str, count: u32, how: impl Fn(u32) -> How) -> Vec<PathBuf> {
    let run = |index: u32| {
        let dir = at.join(format!("shard-{index}-of-{count}"));
        let shard = Shard::new(index, count).unwrap();
        run_into(&dir, &plan(text), How { shard, ..how(index) }).unwrap();
        dir
    };
    (0..count).map(run).collect()
}

/// Every row with device and seconds.
fn whole_rows(dir: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    let each = |row: &eoc_ntk::study::store::Row| {
        rows.push(format!("{row:?}"));
        Ok::<(), StoreError>(())
    };
    Reader::open(dir).unwrap().for_each(each).unwrap();
    rows
}

fn lacking(merged: &Merged) -> u64 {
    merged.missing.iter().map(|m| m.count()).sum()
}

#[test]
fn shards_of_any_number_merge_to_the_rows_of_one_run() {
    let (_temp, straight) = finished();
    let expected = rows(&straight).unwrap();
    for count in [1, 2, 3, 7, 16, 30] {
        let temp = tempfile::tempdir().unwrap();
        let how = |i| How { threads: 1 + i as usize % 2, batch: Some(1 + i as usize % 4), ..STRAIGHT };
        let mut dirs = shards(temp.path(), STUDY, count, how);
        let sizes: usize = dirs.iter().map(|dir| rows(dir).unwrap().len()).sum();
        assert_eq!(sizes, expected.len(), "shards do not overlap");
        let out = temp.path().join("a/whole");
        let merged = merge(&dirs, &out).unwrap();
        assert_eq!((merged.rows, lacking(&merged), merged.devices_differ), (96, 0, 0));
        assert_eq!(rows(&out).unwrap(), expected, "{count} shards");
        // Another order, the outcome among them, one twice: the same bytes, and again.
        dirs.reverse();
        dirs.push(dirs[0].clone());
        dirs.push(out.clone());
        let other = temp.path().join("other");
        merge(&dirs, &other).unwrap();
        let before = contents(&out);
        merge(&dirs, &out).unwrap();
        assert_eq!(contents(&out), before, "merging again changes nothing");
        assert_eq!(contents(&other), before, "the order changes nothing");
        // An ordinary run directory: resumed by its own study, there is nothing to do; more seeds extend it.
        let text = fs::read_to_string(out.join("study.toml")).unwrap();
        assert_eq!(run_into(&out, &plan(&text), STRAIGHT).unwrap(), Outcome { added: 0, missing: 0 });
        assert_eq!(run_into(&out, &plan(&text.replace("0..24", "0..30")), STRAIGHT).unwrap().added, 24);
    }
}

#[test]
fn what_is_missing_is_merged_and_listed_and_can_be_resumed() {
    let (_temp, straight) = finished();
    let temp = tempfile::tempdir().unwrap();
    let dirs = shards(temp.path(), STUDY, 4, |_| STRAIGHT);
    let part = [dirs[2].clone(), dirs[0].clone()];
    let out = temp.path().join("out");
    let merged = merge(&part, &out).unwrap();
    assert_eq!((merged.rows, lacking(&merged)), (48, 48));
    for missing in &merged.missing {
        assert_eq!(format!("{:?}", missing.gaps), "[6..12, 18..24]");
    }
    // The rest by a merge of its own, or by running it.
    let other = temp.path().join("other");
    merge(&[dirs[1].clone(), dirs[3].clone(), out.clone()], &other).unwrap();
    assert_eq!(rows(&other).unwrap(), rows(&straight).unwrap());
    assert_eq!(run_into(&out, &plan(STUDY), STRAIGHT).unwrap().added, 48);
    assert_eq!(rows(&out).unwrap(), rows(&straight).unwrap());
}

#[test]
fn runs_of_other_seeds_merge_to_all_of_them() {
    let (_temp, straight) = finished();
    let temp = tempfile::tempdir().unwrap();
    let run = |seeds: &str| {
        let dir = temp.path().join(seeds.replace("..", "-"));
        run_into(&dir, &plan(&STUDY.replace("seeds = 24", &format!("seeds = '{seeds}'"))), STRAIGHT).unwrap();
        dir
    };
    let dirs = [run("10..24"), run("0..12")];
    let out = temp.path().join("out");
    assert_eq!(lacking(&merge(&dirs, &out).unwrap()), 0, "rows that both have are equal");
    assert_eq!(rows(&out).unwrap(), rows(&straight).unwrap());
    assert_eq!(Reader::open(&out).unwrap().manifest().asked.to_string(), "0..24");
}

#[test]
fn rows_of_one_device_that_differ_are_a_conflict_and_nothing_is_written() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let dirs = shards(at, STUDY, 2, |_| STRAIGHT);
    let off = at.join("off");
    run_into(&off, &plan(&STUDY.replace("24", "'20..22'")), How { factor: 1.0 + f64::EPSILON, ..STRAIGHT })
        .unwrap();
    let out = at.join("out");
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let all = [&dirs[0], &dirs[1], &off];
        let names: Vec<PathBuf> = order.iter().map(|&i| all[i].clone()).collect();
        let error = merge(&names, &out).unwrap_err();
        let MergeError::Conflict(conflict) = &error else { panic!("{error}") };
        assert_eq!((conflict.cell, conflict.seed, conflict.device.as_str()), (0, 20, "fake"));
        assert!(
            error.to_string().contains("cell 0, seed 20") && error.to_string().contains("off"),
            "{error}"
        );
        assert!(!out.exists());
    }
    // Nor is what was there before.
    merge(&dirs[..1], &out).unwrap();
    let before = contents(&out);
    assert!(merge(&[dirs[1].clone(), off.clone()], &out).is_err());
    assert_eq!(contents(&out), before);
    let names: Vec<&str> = ["shard-1-of-2", "off", "--out", "out"].to_vec();
    refused(
        &eoc(at, &[&["merge"], &names[..]].concat()),
        1,
        &["conflict at cell 0, seed 20", "device \"fake\""],
    );
    assert_eq!(contents(&out), before);
}

#[test]
fn of_several_devices_the_least_row_is_kept_and_counted() {
    let temp = tempfile::tempdir().unwrap();
    let run = |name: &'static str, factor: f64, seeds: &str| {
        let dir = temp.path().join(name);
        let text = STUDY.replace("seeds = 24", &format!("seeds = '{seeds}'"));
        run_into(&dir, &plan(&text), How { factor, device: name, ..STRAIGHT }).unwrap();
        dir
    };
    // Of two devices whose rows differ; a third has the rows of the second.
    let dirs = [run("b", 1.0, "0..20"), run("a", 1.5, "10..24"), run("c", 1.5, "0..24")];
    let out = |order: [usize; 3], name: &str| {
        let out = temp.path().join(name);
        let merged = merge(&order.map(|i| dirs[i].clone()), &out).unwrap();
        assert_eq!((merged.rows, merged.devices_differ), (96, 80));
        whole_rows(&out)
    };
    let one = out([0, 1, 2], "one");
    assert_eq!(one, out([2, 1, 0], "two"));
    assert_eq!(one, out([1, 0, 2], "three"));
    let sources: Vec<Vec<String>> = dirs.iter().map(|dir| whole_rows(dir)).collect();
    assert!(one.iter().all(|row| sources.concat().contains(row)), "a row is kept whole, with its device");
    assert!(
        sources.iter().all(|source| one.iter().any(|row| source.contains(row))),
        "each is the least somewhere"
    );
}

#[test]
fn other_studies_versions_and_questions_are_named_and_refused() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let dirs = shards(at, STUDY, 2, |_| STRAIGHT);
    let out = at.join("out");
    let refuse = |other: &Path, parts: &[&str]| {
        let name = other.file_name().unwrap().to_str().unwrap();
        for order in [["shard-0-of-2", name], [name, "shard-0-of-2"]] {
            let args = ["merge", order[0], order[1], "--out", "out"];
            refused(&eoc(at, &args), 2, &[&[name], parts].concat());
            assert!(!out.exists());
        }
    };
    let run = |name: &str, text: &str| {
        let dir = at.join(name);
        run_into(&dir, &plan(text), How { stop_after: 1, ..STRAIGHT }).unwrap();
        dir
    };
    refuse(
        &run("name", &STUDY.replace("'test'", "'best'")),
        &["best-", "is a run of", "shards of one study", "test-"],
    );
    refuse(
        &run("until", &STUDY.replace("seeds = 24", "standard_error = 0.5")),
        &["standard error of 0.5", "0..24"],
    );
    let layout = run("layout", STUDY);
    let conn = Connection::open(layout.join("run.sqlite")).unwrap();
    conn.execute("UPDATE manifest SET value = '9' WHERE name = 'stream_layout'", []).unwrap();
    drop(conn);
    refuse(&layout, &["stream layout 9", "stream layout 1"]);
    let damaged = run("damaged", STUDY);
    let conn = Connection::open(damaged.join("run.sqlite")).unwrap();
    conn.execute("UPDATE samples SET trace = trace + 1e-12 WHERE seed = 0", []).unwrap();
    drop(conn);
    refuse(&damaged, &["run.sqlite is damaged", "cell 0, seed 0"]);
    fs::create_dir(at.join("empty")).unwrap();
    refuse(&at.join("empty"), &["holds no run"]);
    fs::write(at.join("file"), "x").unwrap();
    refuse(&at.join("file"), &["file is a file"]);
    // The place of the whole.
    refused(&eoc(at, &["merge", "shard-0-of-2", "--out", "file"]), 2, &["file"]);
    fs::write(at.join("empty/thesis.tex"), "x").unwrap();
    refused(&eoc(at, &["merge", "shard-0-of-2", "--out", "empty"]), 2, &["not empty", "thesis.tex"]);
    refused(&eoc(at, &["merge", "shard-0-of-2", "--out", "name"]), 2, &["is a run of best-"]);
    refused(&eoc(at, &["merge", "--out", "out"]), 2, &["DIR"]);
    assert!(merge(&vec![dirs[0].clone(); 901], &out).is_err());
    let held = open_store(&dirs[1], &plan(STUDY)).unwrap();
    refused(&eoc(at, &["merge", "shard-0-of-2", "--out", "shard-1-of-2"]), 2, &["in use"]);
    // A run that is at work can be merged from.
    merge(&dirs, &out).unwrap();
    drop(held);
}

/// Interrupted after the first block of rows, a merge leaves nothing, or what was there.
#[test]
fn an_interrupted_merge_leaves_everything_as_it_was() {
    let temp = tempfile::tempdir().unwrap();
    let many = STUDY.replace("seeds = 24", "seeds = 3000");
    let dirs = shards(temp.path(), &many, 2, |_| STRAIGHT);
    let out = temp.path().join("out");
    let stopped = || eoc_ntk::study::merge::merge(&dirs, &out, &AtomicBool::new(true)).unwrap_err();
    assert!(matches!(stopped(), MergeError::Interrupted));
    assert!(!out.exists());
    merge(&dirs[1..], &out).unwrap();
    let before = rows(&out).unwrap();
    assert!(matches!(stopped(), MergeError::Interrupted));
    assert_eq!(contents(&out).len(), 3, "lock, store and study");
    assert!(rows(&out).unwrap() == before);
}

/// The journal of a writer that was killed within a commit must not be played into the store that takes its place.
#[test]
fn a_commit_that_was_cut_off_does_not_spoil_a_merge_into_it() {
    let temp = tempfile::tempdir().unwrap();
    let dirs = shards(temp.path(), STUDY, 2, |_| STRAIGHT);
    let (_temp, straight) = finished();
    let out = temp.path().join("out");
    fs::create_dir(&out).unwrap();
    {
        let conn = Connection::open(dirs[0].join("run.sqlite")).unwrap();
        // One page of cache: changed pages go to the file before the commit.
        conn.execute_batch(
            "PRAGMA cache_size = 1; BEGIN; UPDATE samples SET trace = 0; DELETE FROM samples WHERE seed > 3;",
        )
        .unwrap();
        for name in ["run.sqlite", "run.sqlite-journal", "study.toml"] {
            fs::copy(dirs[0].join(name), out.join(name)).unwrap();
        }
    }
    merge(&dirs[1..], &out).unwrap();
    assert_eq!(rows(&out).unwrap(), rows(&straight).unwrap());
    assert!(!out.join("run.sqlite-journal").exists());
}
