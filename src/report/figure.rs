//! A figure as it is shown and written, and the formats that it is written in.

use std::fmt;
use std::io;
use std::path::Path;

use super::picture::Picture;

/// A figure and the numbers that it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Behind the name of the study in the names of its files; empty for the main figure.
    pub name: &'static str,
    /// What it is of.
    pub title: String,
    /// What is drawn, in sentences.
    pub about: String,
    /// The picture, which needs no font and no script and takes any size.
    pub svg: String,
    /// The same for a narrow page, such as that of a phone; empty where there is none.
    pub narrow: String,
    /// Its points, a row each.
    pub csv: Vec<u8>,
}

/// A kind of file that a figure is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureFormat {
    /// Lines and text, for the web.
    Svg,
    /// Lines and text, for papers.
    Pdf,
    /// Pixels, for slides.
    Png,
}

impl FigureFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Svg, Self::Pdf, Self::Png];

    /// The ending of its file names.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Pdf => "pdf",
            Self::Png => "png",
        }
    }

    /// By the ending of a file name, in small letters or capitals.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        Self::ALL.into_iter().find(|format| ending.eq_ignore_ascii_case(format.ending()))
    }

    /// The bytes of a figure.
    pub fn draw(self, figure: &Figure) -> io::Result<Vec<u8>> {
        match self {
            Self::Svg => Ok(figure.svg.clone().into_bytes()),
            Self::Pdf => Picture::new(&figure.svg)?.pdf(),
            Self::Png => Picture::new(&figure.svg)?.png(),
        }
    }
}

impl fmt::Display for FigureFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.ending())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_endings() {
        let of = |name: &str| FigureFormat::of(Path::new(name));
        assert_eq!([of("a.svg"), of("a.PDF"), of("a.b.png")], FigureFormat::ALL.map(Some));
        assert_eq!([of("a"), of("pdf"), of("a.jpg")], [None; 3]);
    }
}
