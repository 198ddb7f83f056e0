//! Text on its way to Slurm: refused where it would read something else.

use std::path::Path;

/// The value of an option on a line that begins with #SBATCH.
pub fn directive(value: &str) -> String {
    format!("\"{value}\"")
}

/// A path as text that scripts, #SBATCH lines and Slurm's patterns for file names all take as it is; or what stands
/// in the way.
pub fn path(path: &Path) -> Result<&str, String> {
    let text = path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()))?;
    match text.chars().find(|c| c.is_control() || "\\\"%".contains(*c)) {
        None => Ok(text),
        Some(c) => Err(format!(
            "{} has the character {c:?}, to which Slurm gives a meaning in file names; use a path without it",
            path.display()
        )),
    }
}

/// A value that stands in a #SBATCH line without quotes: visible ASCII, no quotes, nothing that begins a comment.
pub fn plain(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_graphic() && !"\"'\\#".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err("use letters, digits and signs without blanks and quotes".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_slurm_would_misread_are_refused() {
        for (text, good) in [
            ("/a b/it's", true),
            ("/a$b", true),
            ("/100%", false),
            ("/a\\b", false),
            ("/a\"b", false),
            ("/a\nb", false),
        ] {
            assert_eq!(path(Path::new(text)).is_ok(), good, "{text:?}");
        }
        assert!(plain("gpu,long").is_ok() && plain("--account=me").is_ok());
        assert!(
            plain("").is_err() && plain("a b").is_err() && plain("a\nb").is_err() && plain("a#b").is_err()
        );
    }
}
