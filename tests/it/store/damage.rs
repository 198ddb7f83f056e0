//! Directories that are no run, another run, or a damaged one.

use rusqlite::Connection;

use super::*;

/// Any bit of the store may flip: what is read is refused or right, and a resumed run ends right or is refused with
/// nothing changed.
#[test]
fn flipped_bits_are_refused_or_harmless() {
    let (_temp, dir) = finished();
    let expected = rows(&dir).unwrap();
    let whole = fs::read(dir.join("run.sqlite")).unwrap();
    let temp = tempfile::tempdir().unwrap();
    let mut found = 0;
    let full = std::env::var_os("EOC_FULL").is_some_and(|v| v == "1");
    let cases = if full { 1000 } else { 300 };
    for case in 0..cases {
        let mut bytes = whole.clone();
        // The header and the schema, a hundred bytes each, are rare in a file; half of the flips go there.
        let span = if case % 2 == 0 { 200 } else { bytes.len() as u64 };
        for flip in 0..1 + case % 3 {
            let draw = mix(case * 8 + flip);
            bytes[((draw >> 8) % span) as usize] ^= 1 << (draw % 8);
        }
        let there = temp.path().join(case.to_string());
        fs::create_dir(&there).unwrap();
        fs::write(there.join("run.sqlite"), &bytes).unwrap();
        let read = rows(&there);
        assert_eq!(contents(&there).len(), 1, "case {case}: reading leaves nothing behind");
        match read {
            Ok(read) => assert!(read.iter().all(|row| expected.contains(row)), "case {case}"),
            Err(error) => {
                found += 1;
                assert!(!matches!(error, StoreError::Io { .. }), "case {case}: {error}");
            }
        }
        match run_into(&there, &plan(STUDY), STRAIGHT) {
            Ok(_) => assert_eq!(rows(&there).unwrap(), expected, "case {case}"),
            Err(error) => {
                assert!(matches!(error, RunError::Store(_)), "case {case}: {error}");
                assert_eq!(contents(&there), [("run.sqlite".to_owned(), bytes)], "case {case}");
            }
        }
    }
    assert!(found > cases / 3, "{found} of {cases} found");
}

/// A flip in the digits of a number keeps every page well formed: only the check sum sees it.
#[test]
fn a_changed_statistic_is_found() {
    for sql in [
        "UPDATE samples SET trace = trace + 1e-12 WHERE cell = 1 AND seed = 3",
        "UPDATE samples SET relative_op = NULL WHERE cell = 1 AND seed = 3",
        "UPDATE samples SET device = 'gpu' WHERE cell = 1 AND seed = 3",
        "UPDATE samples SET seed = 77 WHERE cell = 1 AND seed = 3",
        "UPDATE samples SET cell = 2, seed = 99 WHERE cell = 1 AND seed = 3",
        "UPDATE cells SET scale = 2 WHERE cell = 1",
        "UPDATE cells SET limit_lambda_min = 0 WHERE cell = 1",
        "UPDATE manifest SET value = 'x' WHERE name = 'study'",
        "DELETE FROM manifest WHERE name = 'digest'",
        "DELETE FROM cells WHERE cell = 3",
        "UPDATE cells SET schedules = 'linear' WHERE cell = 1",
        "UPDATE manifest SET value = '0..3' WHERE name = 'cells'",
        "UPDATE manifest SET value = '0..5' WHERE name = 'cells'",
        "DROP TABLE sessions",
        "PRAGMA application_id = 5",
    ] {
        let (_temp, dir) = finished();
        {
            let conn = Connection::open(dir.join("run.sqlite")).unwrap();
            conn.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
            conn.execute_batch(sql).unwrap();
        }
        let before = contents(&dir);
        let error = rows(&dir).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{sql}: {error}");
        assert!(matches!(
            run_into(&dir, &plan(STUDY), STRAIGHT),
            Err(RunError::Store(StoreError::Damaged { .. }))
        ));
        assert_eq!(contents(&dir), before, "{sql}");
    }
}

#[test]
fn truncated_and_foreign_files_are_refused() {
    let (_temp, dir) = finished();
    let whole = fs::read(dir.join("run.sqlite")).unwrap();
    let foreign = {
        let path = dir.join("foreign");
        Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (1)")
            .unwrap();
        fs::read(path).unwrap()
    };
    let cuts = [0, 1, 50, 99, 100, 512, 4096, 5000, whole.len() / 2, whole.len() - 4096, whole.len() - 1];
    let files =
        cuts.iter().map(|&cut| whole[..cut].to_vec()).chain([foreign, b"a,b\n1,2\n".to_vec(), vec![0; 8192]]);
    for (case, bytes) in files.enumerate() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("run.sqlite"), &bytes).unwrap();
        let at = temp.path().to_str().unwrap();
        refused(
            &eoc(temp.path(), &["export", at, "--format", "csv"]),
            2,
            &["run.sqlite is damaged or no run store", "; restore it from a copy"],
        );
        refused(
            &eoc(temp.path(), &["run", "--seeds", "1", "--out", at]),
            2,
            &["run.sqlite is damaged or no run store", "; restore it from a copy"],
        );
        assert_eq!(contents(temp.path()), [("run.sqlite".to_owned(), bytes)], "case {case}");
    }
}

/// A viewer may switch the journal of a whole store, and hold it: what it holds is read, and the next run switches it
/// back.
#[test]
fn a_store_in_another_journal_mode_is_read_and_switched_back() {
    let (_temp, dir) = finished();
    let expected = rows(&dir).unwrap();
    let open = || Connection::open(dir.join("run.sqlite")).unwrap();
    open().execute_batch("PRAGMA journal_mode = WAL").unwrap();
    let before = contents(&dir);
    assert_eq!(rows(&dir).unwrap(), expected);
    for args in [&["status", "run"][..], &["export", "run", "--format", "csv"]] {
        let output = eoc(dir.parent().unwrap(), args);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(contents(&dir), before, "a reader changes nothing");
    // What is in the log alone is seen too.
    let viewer = open();
    viewer.execute_batch("INSERT INTO sessions VALUES (9, 1, 'v', 'b', 'd', 'e', 1)").unwrap();
    assert_eq!(Reader::open(&dir).unwrap().sessions().unwrap().len(), 2);
    drop(viewer);
    let other = STUDY.replace("24", "25");
    assert_eq!(run_into(&dir, &plan(&other), STRAIGHT).unwrap().added, 4);
    assert_eq!(fs::read(dir.join("run.sqlite")).unwrap()[18..20], [1, 1]);
    assert!(!dir.join("run.sqlite-wal").exists());
    // A merge into it, too.
    open().execute_batch("PRAGMA journal_mode = WAL").unwrap();
    merge(std::slice::from_ref(&dir), &dir).unwrap();
    assert_eq!(rows(&dir).unwrap().len(), 100);
    assert_eq!(fs::read(dir.join("run.sqlite")).unwrap()[18..20], [1, 1]);
}

#[test]
fn another_study_or_version_is_refused() {
    let (_temp, dir) = finished();
    let before = contents(&dir);
    let error = run_into(&dir, &plan(&STUDY.replace("test", "other")), STRAIGHT).unwrap_err();
    assert!(matches!(error, RunError::Store(StoreError::OtherStudy { .. })), "{error}");
    assert_eq!(contents(&dir), before);
    for (name, what) in [("stream_layout", "stream layout 9"), ("numerics_version", "numerics version 9")] {
        let (_temp, dir) = finished();
        let conn = Connection::open(dir.join("run.sqlite")).unwrap();
        conn.execute("UPDATE manifest SET value = '9' WHERE name = ?1", [name]).unwrap();
        drop(conn);
        let error = run_into(&dir, &plan(STUDY), STRAIGHT).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
        assert_eq!(rows(&dir).unwrap().len(), 96, "rows of other versions may be read, not added to");
    }
    let (_temp, dir) = finished();
    Connection::open(dir.join("run.sqlite")).unwrap().pragma_update(None, "user_version", 9).unwrap();
    assert!(rows(&dir).unwrap_err().to_string().contains("store format 9"));
}

#[test]
fn a_directory_of_something_else_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("thesis.tex"), "x").unwrap();
    let at = temp.path().to_str().unwrap();
    refused(
        &eoc(temp.path(), &["run", "--seeds", "1", "--out", at]),
        2,
        &["not empty", "(thesis.tex); give a new or empty"],
    );
    refused(
        &eoc(temp.path(), &["export", at, "--format", "csv"]),
        2,
        &["holds no run; give a directory that"],
    );
    let file = temp.path().join("thesis.tex");
    for out in [file.clone(), file.join("run")] {
        let out = out.to_str().unwrap();
        refused(
            &eoc(temp.path(), &["run", "--seeds", "1", "--out", out]),
            2,
            &["thesis.tex is a file, and a directory is meant; give a new or empty"],
        );
    }
    assert_eq!(contents(temp.path()).len(), 1);
}

/// What is not there, a file, and a directory in which there is no run are told apart by every command that reads one.
#[test]
fn what_is_no_run_directory_is_said_as_it_is() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    fs::write(at.join("file"), "x").unwrap();
    fs::create_dir_all(at.join("store/run.sqlite")).unwrap();
    fs::create_dir(at.join("empty")).unwrap();
    let before = contents(at);
    for command in [
        &["export", "--format", "csv"][..],
        &["export", "--format", "npy", "--out", "arrays"],
        &["report"],
        &["report", "--figure", "f.svg"],
        &["status"],
        &["status", "--json"],
        &["status", "--reproduce"],
        &["merge", "--out", "out"],
    ] {
        for (place, says) in [
            ("nowhere", "there is no directory nowhere; give a directory that eoc run has written"),
            ("file/run", "there is no directory file/run; give a directory that"),
            ("file", "file is a file, and a directory is meant; give a directory that"),
            ("empty", "empty holds no run; give a directory that eoc run has written"),
            ("store", "cannot read store/run.sqlite: a directory is in its place; "),
        ] {
            // Of several directories a survey is made, where one may be missing: what is said is said in it.
            let survey = command == ["status", "--json"] && ["file", "store"].contains(&place);
            let output = eoc(at, &[&command[..1], &[place], &command[1..]].concat());
            match survey {
                false => refused(&output, 2, &[says]),
                true => assert!(String::from_utf8(output.stdout).unwrap().contains(says), "{place}"),
            }
            assert_eq!(contents(at), before, "{command:?}");
        }
    }
}

/// A run directory given for a study, and a file where the report goes.
#[test]
fn what_is_given_in_the_place_of_another_is_named() {
    let (_temp, dir) = finished();
    let at = dir.parent().unwrap();
    let says = "run is a directory, and a study file is meant; the run in it is resumed by: eoc run run/study.toml --out \
                run";
    refused(&eoc(at, &["run", "run"]), 2, &[says]);
    fs::write(dir.join("report"), "mine").unwrap();
    refused(&eoc(at, &["report", "run"]), 1, &["cannot write run/report: a file is in its place"]);
    assert_eq!(fs::read(dir.join("report")).unwrap(), b"mine");
}

#[test]
fn a_directory_that_is_named_twice_is_read_once() {
    let (_temp, dir) = finished();
    let at = dir.parent().unwrap();
    let said = |args: &[&str]| {
        let output = eoc(at, args);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    for command in ["status", "report"] {
        assert_eq!(said(&[command, "run", "run/", "./run"]), said(&[command, "run"]), "{command}");
    }
    let json: serde_json::Value = serde_json::from_str(&said(&["status", "run", "./run", "--json"])).unwrap();
    assert_eq!(
        (json["total"]["rows"].as_u64(), json["directories"].as_array().unwrap().len()),
        (Some(96), 1)
    );
}

#[test]
fn a_second_run_is_refused_while_the_first_holds_the_lock() {
    let (_temp, dir) = finished();
    let store = open_store(&dir, &plan(STUDY)).unwrap();
    let error = open_store(&dir, &plan(STUDY)).err().unwrap();
    assert!(matches!(error, RunError::Store(StoreError::InUse { .. })), "{error}");
    fs::write(dir.join("../test.toml"), STUDY).unwrap();
    let at = dir.parent().unwrap();
    refused(
        &eoc(at, &["run", "test.toml", "--out", "run"]),
        2,
        &["run is in use by another eoc run; wait for it to end, or give another --out"],
    );
    // Readers are not kept out.
    assert_eq!(rows(&dir).unwrap().len(), 96);
    drop(store);
    assert!(open_store(&dir, &plan(STUDY)).is_ok());
}

/// A writer that was killed within a commit leaves a journal; a reader sees the rows before it and changes nothing.
#[test]
fn a_commit_that_was_cut_off_is_rolled_back() {
    let (_temp, dir) = finished();
    let expected = rows(&dir).unwrap();
    let temp = tempfile::tempdir().unwrap();
    {
        let conn = Connection::open(dir.join("run.sqlite")).unwrap();
        // One page of cache: changed pages go to the file before the commit.
        conn.execute_batch(
            "PRAGMA cache_size = 1; BEGIN; UPDATE samples SET trace = 0; DELETE FROM samples WHERE seed > 3;",
        )
        .unwrap();
        for name in ["run.sqlite", "run.sqlite-journal", "study.toml"] {
            fs::copy(dir.join(name), temp.path().join(name)).unwrap();
        }
    }
    let before = contents(temp.path());
    assert_ne!(
        before[1].1,
        fs::read(dir.join("run.sqlite")).unwrap(),
        "the copy was taken within the commit"
    );
    assert_eq!(rows(temp.path()).unwrap(), expected);
    assert_eq!(contents(temp.path()), before, "a reader changes nothing");
    assert_eq!(run_into(temp.path(), &plan(STUDY), STRAIGHT).unwrap().added, 0);
    assert_eq!(rows(temp.path()).unwrap(), expected);
}

/// Statistics, indexes, views and tables that other programs make in a store are theirs, and change nothing.
#[test]
fn what_other_programs_keep_beside_the_rows_is_left_alone() {
    let (_temp, dir) = finished();
    let expected = rows(&dir).unwrap();
    let sqlite = |sql: &str| {
        let conn = Connection::open(dir.join("run.sqlite")).unwrap();
        conn.execute_batch(sql).unwrap();
    };
    sqlite("ANALYZE; CREATE INDEX mine ON samples(relative_op); CREATE VIEW seen AS SELECT * FROM cells;");
    sqlite("CREATE TABLE notes (words TEXT); INSERT INTO notes VALUES ('mine')");
    assert_eq!(rows(&dir).unwrap(), expected);
    run_into(&dir, &plan(STUDY), STRAIGHT).unwrap();
    assert_eq!(rows(&dir).unwrap(), expected);
    // What would change or refuse rows that are added is named.
    for (sql, named, undo) in [
        (
            "CREATE TRIGGER t AFTER INSERT ON samples BEGIN DELETE FROM samples; END",
            "trigger \"t\" of another program acts on its rows",
            "DROP TRIGGER t",
        ),
        (
            "CREATE UNIQUE INDEX u ON samples(cell, seed, trace)",
            "index \"u\" of another program",
            "DROP INDEX u",
        ),
    ] {
        sqlite(sql);
        let error = rows(&dir).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
        sqlite(undo);
    }
    sqlite("DROP TABLE samples");
    assert!(rows(&dir).unwrap_err().to_string().contains("its tables are not those of a run store"));
}
