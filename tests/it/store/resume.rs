//! A resumed run has the rows of a straight one.

use std::path::Path;

use super::*;

#[test]
fn any_interruption_batch_and_thread_count_gives_the_same_rows() {
    let (_temp, straight) = finished();
    let expected = rows(&straight).unwrap();
    assert_eq!(expected.len(), 4 * 24);
    let plan = plan(STUDY);
    for case in 0..40u64 {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("a/b");
        let mut seen = 0;
        for attempt in 0.. {
            let draw = mix(case * 1000 + attempt);
            let batch = [None, Some(1), Some(2), Some(5), Some(100)][draw as usize % 5];
            let how =
                How { threads: 1 + case as usize % 3, batch, stop_after: 1 + (draw >> 8) % 6, ..STRAIGHT };
            let outcome = run_into(&dir, &plan, how).unwrap();
            let now = rows(&dir).unwrap();
            assert!(now.len() > seen, "every run adds rows and loses none");
            assert_eq!(now.len() as u64, seen as u64 + outcome.added);
            assert_eq!(now.len() as u64 + outcome.missing, expected.len() as u64);
            seen = now.len();
            if outcome.missing == 0 {
                break;
            }
        }
        assert_eq!(rows(&dir).unwrap(), expected, "case {case}");
    }
}

#[test]
fn the_comparison_of_rows_sees_the_last_bit() {
    let (_temp, straight) = finished();
    let temp = tempfile::tempdir().unwrap();
    let how = How { factor: 1.0 + f64::EPSILON, ..STRAIGHT };
    run_into(temp.path(), &plan(STUDY), how).unwrap();
    assert_ne!(rows(temp.path()).unwrap(), rows(&straight).unwrap());
}

#[test]
fn more_seeds_extend_a_run_and_fewer_leave_it() {
    let (_temp, straight) = finished();
    let temp = tempfile::tempdir().unwrap();
    let with = |seeds: &str| {
        let plan = plan(&STUDY.replace("seeds = 24", &format!("seeds = '{seeds}'")));
        run_into(temp.path(), &plan, STRAIGHT).unwrap().added
    };
    assert_eq!([with("16..20"), with("5"), with("3..18"), with("0..24"), with("2")], [16, 20, 44, 16, 0]);
    assert_eq!(rows(temp.path()).unwrap(), rows(&straight).unwrap());
    let study = fs::read_to_string(temp.path().join("study.toml")).unwrap();
    assert!(study.contains("seeds = \"0..2\""), "{study}");
    assert_eq!(Reader::open(temp.path()).unwrap().manifest().asked.to_string(), "0..2");
}

#[test]
fn the_largest_seed_is_stored_and_resumed() {
    let temp = tempfile::tempdir().unwrap();
    let top = STUDY.replace("24", "'9223372036854775800..9223372036854775808'");
    assert_eq!(
        run_into(temp.path(), &plan(&top), How { stop_after: 2, batch: Some(3), ..STRAIGHT }).unwrap().added,
        4
    );
    assert_eq!(run_into(temp.path(), &plan(&top), STRAIGHT).unwrap().added, 28);
    assert_eq!(rows(temp.path()).unwrap().last().unwrap().1, (1 << 63) - 1);
    assert_eq!(run_into(temp.path(), &plan(&top), STRAIGHT).unwrap().added, 0);
}

#[test]
fn a_device_that_breaks_keeps_what_was_finished() {
    let (_temp, straight) = finished();
    let temp = tempfile::tempdir().unwrap();
    let plan = plan(STUDY);
    let error = run_into(temp.path(), &plan, How { breaks_at: Some(17), ..STRAIGHT }).unwrap_err();
    assert_eq!(format!("{:#}", anyhow::Error::from(error)), "cell 0: seed 17, layer 1: the device is gone");
    // Batches are of 1, 4 and then 7 seeds: three of them were finished.
    assert_eq!(rows(temp.path()).unwrap(), rows(&straight).unwrap()[..12]);
    run_into(temp.path(), &plan, STRAIGHT).unwrap();
    assert_eq!(rows(temp.path()).unwrap(), rows(&straight).unwrap());
}

#[test]
fn a_kernel_that_is_not_finite_is_an_error_with_its_seed() {
    let temp = tempfile::tempdir().unwrap();
    let error = run_into(temp.path(), &plan(STUDY), How { factor: f64::NAN, ..STRAIGHT }).unwrap_err();
    let error = format!("{:#}", anyhow::Error::from(error));
    assert!(error.starts_with("cell 0: seed "), "{error}");
    assert!(rows(temp.path()).unwrap().is_empty());
}

/// Every row that is reported is on the disk, as another connection sees it.
#[test]
fn what_is_reported_is_durable() {
    struct Watch<'a> {
        dir: &'a Path,
        seen: Vec<u64>,
    }
    impl Observer for Watch<'_> {
        fn progress(&mut self, progress: &Progress) {
            let stored = rows(self.dir).unwrap().len() as u64;
            assert!(stored >= progress.rows);
            assert_eq!((progress.total, progress.cells), (96, 4));
            self.seen.push(progress.rows);
        }
    }
    let temp = tempfile::tempdir().unwrap();
    let mut watch = Watch { dir: temp.path(), seen: Vec::new() };
    run_watched(temp.path(), &plan(STUDY), STRAIGHT, &mut watch).unwrap();
    assert_eq!((watch.seen.first(), watch.seen.last()), (Some(&0), Some(&96)));
    let mut again = Watch { dir: temp.path(), seen: Vec::new() };
    run_watched(temp.path(), &plan(STUDY), STRAIGHT, &mut again).unwrap();
    assert!(again.seen.iter().all(|&rows| rows == 96), "a finished run is finished from its first report");
}

#[test]
fn a_finished_run_is_not_written_to() {
    let (_temp, dir) = finished();
    let before = contents(&dir);
    assert_eq!(run_into(&dir, &plan(STUDY), STRAIGHT).unwrap(), Outcome { added: 0, missing: 0 });
    assert_eq!(contents(&dir), before);
    assert_eq!(Reader::open(&dir).unwrap().sessions().unwrap(), [session()]);
}

#[test]
fn the_study_of_a_directory_resumes_it() {
    let (_temp, dir) = finished();
    let text = fs::read_to_string(dir.join("study.toml")).unwrap();
    assert_eq!(plan(&text).identity(), plan(STUDY).identity());
    assert_eq!(run_into(&dir, &plan(&text), STRAIGHT).unwrap().added, 0);
}

/// A process that dies while it begins leaves what the next one may replace.
#[test]
fn what_a_killed_beginning_leaves_is_no_obstacle() {
    let (_temp, straight) = finished();
    for name in ["lock", "run.sqlite.new", "run.sqlite.new-journal"] {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join(name), "half").unwrap();
        fs::write(temp.path().join("lock"), "").unwrap();
        run_into(temp.path(), &plan(STUDY), STRAIGHT).unwrap();
        assert_eq!(rows(temp.path()).unwrap(), rows(&straight).unwrap(), "{name}");
    }
}
