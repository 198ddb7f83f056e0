//! Threads that the system does not start, and address space that it does not give.

use super::{NETWORK, Place, ran};

/// Under a limit on processes a command says so or does with fewer threads; it never breaks down.
#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_processes_is_a_sentence_or_fewer_threads() {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    let place = Place::new();
    let program = assert_cmd::cargo::cargo_bin!("eoc");
    // Limits on processes do not hold for root, so the program runs as another user, in a directory of everyone.
    std::fs::set_permissions(place.path("."), std::fs::Permissions::from_mode(0o777)).unwrap();
    let limited = |limit: u32, line: &str| {
        let script = format!(
            "cd {} && ulimit -u {limit} && exec {} {line}",
            place.path(".").display(),
            program.display()
        );
        ran(&Command::new("su").args(["nobody", "-s", "/bin/bash", "-c", &script]).output().unwrap())
    };
    let usable = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n")
        && Command::new("su")
            .args(["nobody", "-s", "/bin/bash", "-c", &format!("exec {} -V", program.display())])
            .output()
            .is_ok_and(|output| output.status.success());
    if !usable {
        println!("SKIPPED: needs root, su, and a user nobody who may run the program");
        return;
    }
    let sample = format!("sample {NETWORK} --data digits:n=4 --seeds 3 --device cpu");
    let run = "run --width 8 --depth 2 --activation abs --data digits:n=4 --seeds 16 --device cpu";
    for (line, out) in [
        (format!("limit {NETWORK} --data digits:n=4"), ""),
        (sample.clone(), " --out k.npy"),
        (run.to_owned(), " --out run"),
        ("bench --device cpu --case 2,1,2,8 --rounds 1".to_owned(), ""),
    ] {
        let many = limited(10, &format!("{line} --threads 64 {out}"));
        assert_eq!(many.status, 2, "{line}: {}", many.stderr);
        assert!(many.stderr.contains("64 worker threads could not be started"), "{line}: {}", many.stderr);
        // As few as there can be: one beside the program, or none.
        for limit in [1, 2, 3, 10] {
            let few = limited(limit, &format!("{line} {out}"));
            assert!([0, 2].contains(&few.status), "{line}, {limit}: {} {}", few.status, few.stderr);
            assert!(!few.stderr.contains("panicked"), "{line}, {limit}: {}", few.stderr);
        }
        assert_eq!(limited(10, &format!("{line} {out}")).status, 0, "{line}");
    }
    for line in ["status run", "export run --format csv", "devices"] {
        let few = limited(1, line);
        assert!([0, 2].contains(&few.status) && !few.stderr.contains("panicked"), "{line}: {}", few.stderr);
    }
}

/// A limit on the address space, as batch systems set it, counts as memory does: a refusal with the number, no abort.
#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_the_address_space_is_a_refusal() {
    let place = Place::new();
    let program = assert_cmd::cargo::cargo_bin!("eoc");
    for line in [
        "sample --activation relu --depth 3 --width 64 --data sphere:n=5000,dim=4,seed=0 --device cpu --out o.npy",
        "limit --activation relu --depth 3 --data sphere:n=12000,dim=4,seed=0",
    ] {
        let script = format!("ulimit -v 1500000 && exec {} {line}", program.display());
        let output =
            std::process::Command::new("sh").args(["-c", &script]).current_dir(place.path(".")).output();
        let ran = ran(&output.unwrap());
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains("GiB") && ran.stderr.lines().count() == 1, "{line}: {}", ran.stderr);
    }
    let small = format!(
        "ulimit -v 1500000 && exec {} sample {NETWORK} --data digits:n=4 --device cpu --out k.npy",
        program.display()
    );
    let output = std::process::Command::new("sh").args(["-c", &small]).current_dir(place.path(".")).output();
    assert_eq!(ran(&output.unwrap()).status, 0);
}
