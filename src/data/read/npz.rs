//! `.npz`: a zip archive of `.npy` files, stored or deflated.

use std::fs::File;
use std::io::BufReader;

use zip::ZipArchive;
use zip::result::ZipError;

use super::{Fault, Table, malformed, npy};

/// The array of this name, or the only one.
pub(super) fn read(file: BufReader<File>, key: Option<&str>) -> Result<Table, Fault> {
    let mut archive = ZipArchive::new(file).map_err(fault)?;
    let mut names: Vec<String> =
        archive.file_names().filter_map(|name| name.strip_suffix(".npy")).map(str::to_owned).collect();
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
    let mut member = archive.by_name(&format!("{name}.npy")).map_err(fault)?;
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
