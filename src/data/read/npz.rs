//! `.npz`: a zip archive of `.npy` files, stored or deflated.

use std::fs::File;
use std::io::BufReader;

use zip::ZipArchive;
use zip::result::ZipError;

use super::super::foreign;
use super::{Fault, Table, malformed, npy};

/// The array of this name, or the only one.
pub(super) fn read(file: BufReader<File>, key: Option<&str>) -> Result<Table, Fault> {
    let mut archive = ZipArchive::new(file).map_err(fault)?;
    let files = archive.file_names().filter(|name| !name.ends_with(".npy")).count();
    let mut names: Vec<String> =
        archive.file_names().filter_map(|name| name.strip_suffix(".npy")).map(str::to_owned).collect();
    if names.is_empty() && files > 0 {
        return malformed(foreign::archive(archive.file_names()).of_points());
    }
    // The archive lists names in the order of a hash.
    names.sort();
    let list = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let name = match (key, &names[..]) {
        (Some(key), names) if names.iter().any(|name| name == key) => key,
        (Some(key), _) => return malformed(format!("there is no array \"{key}\"; the arrays are: {list}")),
        (None, [only]) => only,
        (None, _) => {
            return malformed(format!(
                "there is not exactly one array; name one as FILE.npz:KEY (the arrays are: {list})"
            ));
        }
    };
    let member = format!("{name}.npy");
    // By its name, the last of several would be found.
    let several = archive.len() > archive.file_names().count();
    let mut copies = 0;
    for at in (0..archive.len()).filter(|_| several) {
        copies += usize::from(archive.by_index_raw(at).map_err(fault)?.name() == member);
    }
    if copies > 1 {
        return malformed(format!(
            "array {name} is in the archive {copies} times; save it once, as numpy.savez does"
        ));
    }
    let mut member = archive.by_name(&member).map_err(fault)?;
    npy::read(&mut member).map_err(|fault| match fault {
        Fault::Malformed(reason) => Fault::Malformed(format!("array {name}: {reason}")),
        io => io,
    })
}

fn fault(error: ZipError) -> Fault {
    match error {
        ZipError::Io(error) => error.into(),
        other => Fault::Malformed(format!("the file is no readable .npz archive ({other})")),
    }
}
