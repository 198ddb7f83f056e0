//! Seeds until a standard error is reached: the same ones however the run goes.

use super::*;

/// Cells of 2, 2 and 4 rows of K whose deviations spread differently.
const UNTIL: &str = "name = 'until'\nstandard_error = 0.03\n[network]\nactivation = 'relu'\nwidths = ['3', '4,5']\n\
                     outputs = [1, 2]\n[data]\nsource = 'pair:angle=0.5'\n";

/// relative_fro of every cell, in the order of the seeds.
fn deviations(dir: &Path) -> Vec<Vec<f64>> {
    let mut cells = vec![Vec::new(); 4];
    for (cell, seed, values) in rows(dir).unwrap() {
        assert_eq!(seed, cells[cell].len() as u64, "seeds are a prefix");
        cells[cell].push(f64::from_bits(values[index("relative_fro")]));
    }
    cells
}

/// By the textbook, in two passes.
fn standard_error(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0) / count).sqrt()
}

#[test]
fn a_cell_ends_at_the_first_check_that_reaches_the_target() {
    let temp = tempfile::tempdir().unwrap();
    for (target, most) in [(0.03, 1 << 20), (0.006, 1 << 20), (0.006, 700), (1e-9, 100)] {
        let dir = temp.path().join(format!("{target}-{most}"));
        let text = UNTIL.replace("0.03", &format!("{target:?}\nmax_seeds = {most}"));
        let outcome = run_into(&dir, &plan(&text), STRAIGHT).unwrap();
        assert_eq!(outcome.missing, 0);
        for values in deviations(&dir) {
            let count = values.len();
            let reached = standard_error(&values) <= target;
            assert!(
                reached && count >= 64 && count.is_power_of_two() || count == most,
                "{count} of {target}"
            );
            for check in (6..).map(|k| 1 << k).take_while(|&check| check < count) {
                assert!(standard_error(&values[..check]) > target, "{check} would have done");
            }
        }
        assert_eq!(run_into(&dir, &plan(&text), STRAIGHT).unwrap(), Outcome { added: 0, missing: 0 });
    }
    let counts: Vec<usize> = deviations(&temp.path().join("0.006-1048576")).iter().map(Vec::len).collect();
    assert!(counts.iter().any(|c| *c != counts[0]), "{counts:?}: cells differ in what they need");
}

#[test]
fn interruptions_batches_and_shards_do_not_move_a_row() {
    let temp = tempfile::tempdir().unwrap();
    let straight = temp.path().join("straight");
    run_into(&straight, &plan(UNTIL), STRAIGHT).unwrap();
    let expected = rows(&straight).unwrap();
    for case in 0..12u64 {
        let dir = temp.path().join(case.to_string());
        for attempt in 0.. {
            let draw = mix(case * 1000 + attempt);
            let batch = Some([1, 7, 63, 64, 65, 1000][draw as usize % 6]);
            let how = How { batch, stop_after: 1 + (draw >> 8) % 40, ..STRAIGHT };
            if run_into(&dir, &plan(UNTIL), how).unwrap().missing == 0 {
                break;
            }
        }
        assert_eq!(rows(&dir).unwrap(), expected, "case {case}");
    }
    for count in [2, 3, 7] {
        let shard = |index| {
            let dir = temp.path().join(format!("{index}-of-{count}"));
            let shard = Shard::new(index, count).unwrap();
            run_into(&dir, &plan(UNTIL), How { shard, ..STRAIGHT }).unwrap();
            dir
        };
        let dirs: Vec<PathBuf> = (0..count).map(shard).collect();
        let out = temp.path().join(format!("of-{count}"));
        let merged = merge(&dirs, &out).unwrap();
        assert!(merged.missing.iter().all(|m| m.gaps.is_empty()));
        assert_eq!(rows(&out).unwrap(), expected, "{count} shards");
        let text = fs::read_to_string(out.join("study.toml")).unwrap();
        assert_eq!(run_into(&out, &plan(&text), STRAIGHT).unwrap().added, 0);
        // Without one shard its cells are missing from their first seed.
        let part = merge(&dirs[1..], &temp.path().join(format!("part-of-{count}"))).unwrap();
        assert_eq!(format!("{:?}", part.missing[0].gaps), "[0..64]");
        assert!(part.missing[1].gaps.is_empty());
    }
}

/// Rows of a run with given seeds count, and holes in them are filled before they do.
#[test]
fn rows_that_are_there_already_are_used() {
    let temp = tempfile::tempdir().unwrap();
    let (straight, dir) = (temp.path().join("straight"), temp.path().join("run"));
    run_into(&straight, &plan(UNTIL), STRAIGHT).unwrap();
    let expected = rows(&straight).unwrap();
    let fixed = |seeds: &str| plan(&UNTIL.replace("standard_error = 0.03", &format!("seeds = '{seeds}'")));
    assert_eq!(fixed("5").identity(), plan(UNTIL).identity(), "it is the same study");
    assert_eq!(run_into(&dir, &fixed("30..50"), STRAIGHT).unwrap().added, 80);
    let added = run_into(&dir, &plan(UNTIL), STRAIGHT).unwrap().added;
    assert_eq!(added as usize, expected.len() - 80);
    assert_eq!(rows(&dir).unwrap(), expected);
}
