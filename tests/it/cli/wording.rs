//! What is counted, sized and named in the words of people; and what a finished run needs no room to write for.

use std::fs;

use super::{Place, check_sentence, ran};

const ONE: &str = "run --activation abs --depth 2 --width 4 --data points.csv --normalize sphere --seeds 1 --threads 1 \
                   --device cpu --set name=one --out one";

/// A study of one cell, one seed and one thread, in every place that counts.
#[test]
fn one_is_no_plural_and_no_size_is_zero_of_a_large_unit() {
    let place = Place::new();
    let mut texts = vec![place.done(&format!("{ONE} --dry-run")), place.done(ONE)];
    for line in [
        "status one",
        "status one one",
        "status one --reproduce",
        "merge one --out merged",
        "export one --format csv --out one.csv",
        "export one --format npy --out moments --device cpu",
    ] {
        texts.push(place.done(line));
    }
    let lines = place.run(&format!("{} --progress lines", ONE.replace("--out one", "--out two")));
    texts.push(lines.stderr);
    for text in &texts {
        let words: Vec<&str> = text.split_whitespace().collect();
        for pair in words.windows(2) {
            let plural = pair[1].trim_end_matches([',', '.', ';', ':']).ends_with('s');
            // As in "1 samples"; what only ends with an s is no count.
            let verb = ["is", "has", "threads)", "samples/s", "s", "status", "seconds"].contains(&pair[1]);
            assert!(pair[0] != "1" || !plural || verb, "{pair:?} in\n{text}");
        }
        assert!(!["0 MiB", "0 GiB", "0 KiB"].iter().any(|size| text.contains(&format!(" {size}"))), "{text}");
    }
    assert!(texts[0].contains(": 1 cell, seeds 0..1; 0 samples are there"), "{}", texts[0]);
    assert!(texts[1].contains("1 seed per cell"), "{}", texts[1]);
    assert!(place.done(&format!("{ONE} --dry-run")).contains("; 1 sample is there"));
    assert!(texts[6].contains("one.csv: 1 row, "), "{}", texts[6]);
    assert!(texts[7].contains("1 cell, 1 kernel drawn"), "{}", texts[7]);
}

/// Neither lock nor study is written, and where the figure cannot be, as in a read-only place, the table is printed all
/// the same.
#[test]
fn a_finished_run_is_shown_without_writing_into_its_directory() {
    let place = Place::new();
    let run = ONE.replace("--width 4", "--width 4,8").replace("--seeds 1", "--seeds 5");
    let first = place.done(&run);
    for name in ["lock", "study.toml"] {
        fs::remove_file(place.path("one").join(name)).unwrap();
    }
    fs::remove_dir_all(place.path("one/report")).unwrap();
    fs::write(place.path("one/report"), "no directory").unwrap();
    let again = place.run(&run);
    assert_eq!(again.status, 0, "{}", again.stderr);
    let table = |text: &str| text.split_once("\nRun directory").unwrap().0.to_owned();
    assert_eq!(table(&again.stdout), table(&first));
    check_sentence(&run, &again.stderr, "the report was not written again");
    let mut names: Vec<_> =
        fs::read_dir(place.path("one")).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["report", "run.sqlite"]);
    // One seed more is no finished run.
    let more = place.run(&run.replace("--seeds 5", "--seeds 6"));
    assert!(more.status == 1 && place.path("one/lock").exists(), "{}", more.stderr);
}

#[test]
fn variables_that_hide_the_drivers_are_named() {
    let place = Place::new();
    for name in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"] {
        let run = |line: &str| {
            let mut command = place.command(line);
            command.env_remove("VK_DRIVER_FILES").env_remove("VK_ICD_FILENAMES");
            ran(&command.env(name, "/nonexistent.json").output().unwrap())
        };
        let listed = run("devices").stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        if !listed.contains("No GPU was found") {
            return println!("SKIPPED: there are adapters of something else than Vulkan");
        }
        let says = format!(
            "{name} lets Vulkan look for drivers nowhere but at /nonexistent.json, which is not there"
        );
        assert!(listed.contains(&says), "{listed}");
        let line = "sample --activation abs --depth 2 --width 3 --data pair:angle=1 --device gpu --out k.npy";
        let asked = run(line);
        assert_eq!(asked.status, 2);
        check_sentence(line, &asked.stderr, &says);
    }
}

#[test]
fn bench_counts_as_people_do() {
    let place = Place::new();
    // With --help behind them, values are read and nothing is measured.
    for line in ["--rounds 2e0 --case 4,1,2,1k", "--rounds 1_000", "--case 0.4e1,1,2,1e3"] {
        place.done(&format!("bench {line} --help"));
    }
    place.refused("bench --rounds 0 --help", "a number of rounds from 1 to 1000");
    place.refused("bench --rounds 2k --help", "a number of rounds from 1 to 1000");
    place.refused("bench --case 4,1,0,1k --help", "four positive integers");
}

#[test]
fn tables_of_text_are_read_by_any_of_their_names() {
    let place = Place::new();
    place.done("data points.csv --out csv.npy");
    for (name, separator) in [("points.tsv", "\t"), ("points.txt", "  "), ("POINTS.DAT", " ")] {
        place.put(
            name,
            &fs::read_to_string(place.path("points.csv")).unwrap().replace(',', separator).into_bytes(),
        );
        // Which separator was seen is said on stderr.
        assert_eq!(place.run(&format!("data {name} --out other.npy")).status, 0, "{name}");
        assert_eq!(
            fs::read(place.path("csv.npy")).unwrap(),
            fs::read(place.path("other.npy")).unwrap(),
            "{name}"
        );
    }
}
