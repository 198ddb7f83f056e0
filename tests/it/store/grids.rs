//! Larger grids into a directory that holds a smaller one, and grids of one name merged.

use crate::support::without;
use std::collections::BTreeSet;

use super::*;

/// A study of these widths and activations; a fresh run of all of them is what every way there must end with.
fn grid(activations: &str, widths: &str, seeds: &str) -> String {
    format!(
        "name = 'grid'\nseeds = '{seeds}'\n[network]\nactivation = [{activations}]\ndepth = 3\nwidth = [{widths}]\n\
         [data]\nsource = 'pair:angle=0.5'\n"
    )
}

const BOTH: &str = "'abs', 'relu'";

fn run(dir: &Path, text: &str) -> Outcome {
    run_into(dir, &plan(text), STRAIGHT).unwrap()
}

/// A directory with a finished run, under `at`.
fn made(at: &Path, name: &str, text: &str) -> PathBuf {
    let dir = at.join(name);
    run(&dir, text);
    dir
}

/// The export of samples or cells, without the column of seconds.
fn export(dir: &Path, table: &str) -> Vec<String> {
    let output = eoc(dir, &["export", ".", "--format", "csv", "--table", table]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    without(&text, &["seconds"])
}

#[test]
fn a_larger_grid_extends_a_directory_and_ends_as_if_run_at_once() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let whole = grid(BOTH, "2, 3, 5", "0..10");
    let straight = made(at, "straight", &whole);
    let steps: [&[(&str, &str, &str)]; 4] = [
        &[("'relu'", "3", "0..10")],
        &[("'relu'", "5", "0..4"), ("'abs'", "3, 2", "2..6")],
        &[(BOTH, "3", "0..10"), (BOTH, "3, 5", "0..10")],
        &[("'abs'", "2", "0..10"), (BOTH, "5", "4..9"), ("'relu'", "2, 5", "0..1")],
    ];
    for (case, steps) in steps.iter().enumerate() {
        let dir = at.join(case.to_string());
        let added: u64 = steps.iter().map(|(phi, m, seeds)| run(&dir, &grid(phi, m, seeds)).added).sum();
        assert_eq!(run(&dir, &whole).added, 60 - added, "case {case}: cells that exist are kept");
        assert_eq!(rows(&dir).unwrap(), rows(&straight).unwrap(), "case {case}");
        for table in ["samples", "cells"] {
            assert_eq!(export(&dir, table), export(&straight, table), "case {case}");
        }
        assert_eq!(run(&dir, &whole), Outcome { added: 0, missing: 0 });
    }
}

/// A smaller study leaves the rest, which stands behind its own cells, and everything that is read still has its right
/// cell.
#[test]
fn a_smaller_study_leaves_what_is_there_and_says_so() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let dir = made(at, "run", &grid(BOTH, "2, 3", "0..10"));
    let lines = |table: &str| export(&dir, table)[1..].to_vec();
    let unnumbered = |lines: &[String]| -> BTreeSet<String> {
        lines.iter().map(|line| line.split_once('|').unwrap().1.to_owned()).collect()
    };
    let before = ["samples", "cells"].map(|table| unnumbered(&lines(table)));
    assert_eq!(run(&dir, &grid("'relu'", "3", "0..5")), Outcome { added: 0, missing: 0 });
    assert_eq!(["samples", "cells"].map(|table| unnumbered(&lines(table))), before, "nothing is lost");
    assert!(
        lines("cells")[0].starts_with("0|relu|") && lines("cells")[0].contains("|3,3|"),
        "{:?}",
        lines("cells")
    );
    let reader = Reader::open(&dir).unwrap();
    assert_eq!((reader.cells().len(), reader.asked_cells()), (4, 1));
    assert_eq!(reader.missing().unwrap().len(), 1);
    let text = fs::read_to_string(dir.join("study.toml")).unwrap();
    assert!(text.contains("activation = \"relu\"") && text.contains("width = 3\n"), "{text}");
    let said = |args: &[&str]| String::from_utf8(eoc(at, args).stdout).unwrap();
    let status = said(&["status", "run"]);
    assert!(
        status.contains("Cells:      1 of 1 done\nSamples:    5 of 5 done, and 35 that are not"),
        "{status}"
    );
    assert!(status.contains("Others:     3 cells with 30 samples"), "{status}");
    let again = said(&["status", "run", "--reproduce"]);
    assert!(
        again.contains("3 cells of earlier studies") && again.contains("#   cell 3, 10 samples: "),
        "{again}"
    );
    assert_eq!(plan(&again).identity(), plan(&text).identity(), "what is printed is still a study file");
    // The numbers of an export name rows for --row.
    for line in lines("samples").iter().step_by(3) {
        let name: Vec<&str> = line.split('|').collect();
        let row = said(&["status", "run", "--row", &format!("{},{}", name[0], name[1])]);
        assert!(
            row.contains(&format!("--activation {} ", name[2]))
                && row.contains(&format!("--seeds {}..", name[1]))
        );
        let widths = name[7];
        assert!(row.contains(&format!("--widths {widths} ")), "{line}\n{row}");
    }
}

/// Killed before the transaction of new cells, or behind it, a directory is whole and ends with the same rows.
#[test]
fn an_extension_that_is_cut_off_is_made_again() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let (small, whole) = (grid("'relu'", "3", "0..10"), grid(BOTH, "2, 3", "0..10"));
    let straight = made(at, "straight", &whole);
    for stop_after in [1, 2, 5] {
        let dir = made(at, &stop_after.to_string(), &small);
        // The cells are there, some rows are not.
        let how = How { stop_after, batch: Some(2), ..STRAIGHT };
        let outcome = run_into(&dir, &plan(&whole), how).unwrap();
        assert!(outcome.missing > 0);
        // A study in between asks for others, and a shard for its part.
        run(&dir, &grid("'abs'", "2", "0..3"));
        run_into(&dir, &plan(&whole), How { shard: Shard::new(1, 2).unwrap(), ..STRAIGHT }).unwrap();
        run(&dir, &whole);
        assert_eq!(rows(&dir).unwrap(), rows(&straight).unwrap());
    }
}

#[test]
fn grids_merge_in_any_order_to_one_study_of_all_their_cells() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let straight = made(at, "straight", &grid(BOTH, "2, 3, 5", "0..10"));
    let parts = [
        made(at, "a", &grid(BOTH, "5, 2", "0..10")),
        made(at, "b", &grid(BOTH, "3", "0..10")),
        made(at, "c", &grid("'relu'", "2, 3", "0..6")),
    ];
    let mut outs = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let out = at.join(format!("out-{order:?}"));
        let dirs = order.map(|i| parts[i].clone());
        let merged = merge(&dirs, &out).unwrap();
        assert_eq!((merged.rows, merged.missing.iter().map(|m| m.count()).sum::<u64>()), (60, 0));
        assert_eq!(export(&out, "samples"), export(&straight, "samples"));
        assert_eq!(export(&out, "cells"), export(&straight, "cells"));
        let text = fs::read_to_string(out.join("study.toml")).unwrap();
        assert!(text.contains("width = [2, 3, 5]"), "{text}");
        let before = contents(&out);
        merge(&[out.clone(), parts[1].clone()], &out).unwrap();
        assert_eq!(contents(&out), before, "merging again changes nothing");
        assert_eq!(run(&out, &text).added, 0);
        outs.push(before);
    }
    assert!(outs.iter().all(|out| *out == outs[0]), "the order changes nothing");
}

/// Where no study has just the cells of all, the largest is asked for and the others are kept.
#[test]
fn grids_that_are_no_product_merge_to_the_largest_and_the_rest() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let parts = [made(at, "a", &grid("'abs'", "2, 3", "0..4")), made(at, "b", &grid("'relu'", "5", "0..6"))];
    let mut outs = Vec::new();
    for order in [[0, 1], [1, 0]] {
        let out = at.join(format!("out-{order:?}"));
        let merged = merge(&order.map(|i| parts[i].clone()), &out).unwrap();
        // Each cell has what was asked of it.
        assert_eq!((merged.rows, merged.missing.len()), (14, 3));
        assert_eq!(merged.missing.iter().map(|m| m.count()).sum::<u64>(), 0);
        let reader = Reader::open(&out).unwrap();
        assert_eq!(reader.manifest().asked.to_string(), "0..4");
        assert_eq!((reader.cells().len(), reader.asked_cells()), (3, 2));
        let before = contents(&out);
        merge(&[parts[1].clone(), out.clone()], &out).unwrap();
        assert_eq!(contents(&out), before);
        outs.push(before);
    }
    assert!(outs[0] == outs[1]);
}

/// Grids that asked for other seeds each: of every cell what was asked of it, found slowly, and nothing else is missing.
#[test]
fn a_cell_of_a_merge_lacks_what_was_asked_of_it_and_no_more() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    // The seeds that some study asked of a width, and those that are there, are sets.
    type Seeds = BTreeSet<(u64, u64)>;
    let of = |widths: &[u64], seeds: std::ops::Range<u64>| -> Seeds {
        widths.iter().flat_map(|&m| seeds.clone().map(move |seed| (m, seed))).collect()
    };
    let begun = |name: &str, widths: &str, seeds: &str, shard: &str| {
        let (dir, text) = (at.join(name), grid("'relu'", widths, seeds));
        run_into(&dir, &plan(&text), How { shard: shard.parse().unwrap(), ..STRAIGHT }).unwrap();
        dir
    };
    let few = begun("few", "2, 3", "0..8", "0/1");
    let many = begun("many", "5, 9", "0..16", "0/1");
    let apart = begun("apart", "2, 3", "20..24", "0/1");
    let half = begun("half", "5, 9", "0..16", "1/2");
    let (asked_few, asked_many, asked_apart) = (of(&[2, 3], 0..8), of(&[5, 9], 0..16), of(&[2, 3], 20..24));
    let union = |sets: &[&Seeds]| sets.iter().flat_map(|set| set.iter().copied()).collect::<Seeds>();
    let there = of(&[5, 9], 8..16);
    for (index, (dirs, asked, rows)) in [
        (vec![&few, &many], union(&[&asked_few, &asked_many]), union(&[&asked_few, &asked_many])),
        (vec![&apart, &few], union(&[&asked_few, &asked_apart]), union(&[&asked_few, &asked_apart])),
        (vec![&half, &few], union(&[&asked_few, &asked_many]), union(&[&asked_few, &there])),
        (
            vec![&half, &apart, &few],
            union(&[&asked_few, &asked_apart, &asked_many]),
            union(&[&asked_few, &asked_apart, &there]),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let lacking: Seeds = asked.difference(&rows).copied().collect();
        let missing_of = |dir: &Path| -> Seeds {
            let reader = Reader::open(dir).unwrap();
            let missing = reader.missing().unwrap();
            assert_eq!(missing.len(), reader.cells().len());
            reader
                .cells()
                .iter()
                .zip(missing)
                .flat_map(|(cell, missing)| {
                    let m = cell.m.unwrap();
                    missing.gaps.into_iter().flatten().map(move |seed| (m, seed)).collect::<Vec<_>>()
                })
                .collect()
        };
        let out = at.join(format!("out-{index}"));
        let mut order: Vec<PathBuf> = dirs.into_iter().cloned().collect();
        let merged = merge(&order, &out).unwrap();
        assert_eq!(merged.missing.iter().map(|m| m.count()).sum::<u64>(), lacking.len() as u64, "{index}");
        assert_eq!((missing_of(&out), merged.rows), (lacking.clone(), rows.len() as u64), "{index}");
        // In another order, in two steps, and again.
        let before = contents(&out);
        order.reverse();
        let (other, first) = (at.join(format!("other-{index}")), at.join(format!("first-{index}")));
        merge(&order[..1], &first).unwrap();
        order[0] = first;
        merge(&order, &other).unwrap();
        assert_eq!(contents(&other), before, "{index}");
        merge(&order[1..], &out).unwrap();
        assert_eq!(contents(&out), before, "{index}");
        // The study that is written completes it, with nothing else, and is then done.
        let text = fs::read_to_string(out.join("study.toml")).unwrap();
        assert_eq!(run(&out, &text), Outcome { added: lacking.len() as u64, missing: 0 }, "{index}");
        assert_eq!(missing_of(&out), Seeds::new());
        let name = format!("out-{index}");
        let output = eoc(at, &["run", &format!("{name}/study.toml"), "--out", &name, "--device", "cpu"]);
        let table = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(!table.contains("decided how many seeds"), "{table}");
        // What makes the run again draws all of its rows at least.
        let output = eoc(at, &["status", &name, "--reproduce"]);
        let again = plan(&String::from_utf8(output.stdout).unwrap());
        assert!(asked.iter().all(|(_, seed)| again.asked().range().range().contains(seed)));
    }
    let status = eoc(at, &["status", "out-0"]);
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains("seeds 0..8 of 2 cells, 0..16 of 2 cells"), "{status}");
    assert!(status.contains("Cells:      4 of 4 done\nSamples:    48 of 48 done\n"), "{status}");
    // Another study asks for its own seeds of all again.
    assert_eq!(run(&at.join("out-0"), &grid("'relu'", "2, 3, 5, 9", "0..16")).added, 16);
    assert_eq!(Reader::open(&at.join("out-0")).unwrap().manifest().asked.to_string(), "0..16");
}

#[test]
fn a_network_that_several_schedules_make_is_found_under_each() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let study = |depths: &str, schedules: &str| {
        format!(
            "name = 'names'\nseeds = 3\n[network]\nactivation = 'relu'\ndepth = [{depths}]\nwidth = 3\n\
             schedule = [{schedules}]\n[data]\nsource = 'pair:angle=0.5'\n"
        )
    };
    let names = |dir: &Path| -> Vec<[Option<String>; 2]> {
        let reader = Reader::open(dir).unwrap();
        reader.cells().iter().map(|c| [c.schedule.clone(), c.schedules.clone()]).collect()
    };
    let some = |text: &str| Some(text.to_owned());
    let dir = made(at, "both", &study("2, 3", "'constant', 'quadratic'"));
    let expected = [
        [some("constant"), some("constant,quadratic")],
        [some("constant"), some("constant")],
        [some("quadratic"), some("quadratic")],
    ];
    assert_eq!(names(&dir), expected);
    // The same by two studies, one after the other or merged.
    let (first, second) = (study("2, 3", "'quadratic'"), study("2, 3", "'constant'"));
    let extended = made(at, "extended", &first);
    assert_eq!(names(&extended)[0], [some("quadratic"), some("quadratic")]);
    run(&extended, &second);
    assert_eq!(names(&extended)[..2], [[some("constant"), some("constant,quadratic")], expected[1].clone()]);
    run(&extended, &study("2, 3", "'constant', 'quadratic'"));
    assert_eq!(names(&extended), expected);
    let out = at.join("out");
    merge(&[made(at, "one", &first), made(at, "two", &second)], &out).unwrap();
    assert_eq!(names(&out), expected);
    assert_eq!(export(&extended, "cells"), export(&dir, "cells"));
    // In the table of a run every line along a schedule begins at depth 2.
    fs::write(at.join("names.toml"), study("2, 3", "'constant', 'quadratic'")).unwrap();
    let output = eoc(at, &["run", "names.toml", "--out", "real", "--device", "cpu"]);
    let table = String::from_utf8(output.stdout).unwrap();
    let of = |symbol: &str, l: &str| {
        let is =
            |line: &&str| line.split_whitespace().collect::<Vec<_>>().windows(2).any(|w| w == [symbol, l]);
        table.lines().filter(is).count()
    };
    assert!(of("m", "2") > 0 && of("k²·m", "2") > 0, "{table}");
}
