//! A figure as PNG and as PDF, made of its SVG with a font of our own, so that it is the same picture on a machine that
//! has none.

use std::io::{self, Read};
use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::{Database, Source};
use resvg::usvg::{Options, Tree};
use svg2pdf::{ConversionOptions, PageOptions};

/// DejaVu Sans 2.37, which has the letters of the field (Greek, ‖, ∞, −, superscripts) and is the font whose widths the
/// renderer counts with. Free to use, embed and pass on: the licence lies beside it.
const FONT: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf.gz");
/// The name that it goes by.
const FAMILY: &str = "DejaVu Sans";
/// Pixels of a PNG for one of the SVG: 1800 across a figure, which is 300 to the inch on 6 inches.
const SCALE: f32 = 2.5;
/// Pixels of the SVG to the inch of a PDF, as CSS counts: a figure is 7.5 inches wide.
const DPI: f32 = 96.0;

fn failed(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("the figure cannot be drawn: {error}"))
}

/// The font, unpacked once.
fn fonts() -> io::Result<Arc<Database>> {
    static FONTS: OnceLock<Result<Arc<Database>, String>> = OnceLock::new();
    let unpack = || {
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(FONT).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        let mut fonts = Database::new();
        fonts.load_font_source(Source::Binary(Arc::new(bytes)));
        // Whatever family a text asks for.
        fonts.set_sans_serif_family(FAMILY);
        Ok(Arc::new(fonts))
    };
    FONTS.get_or_init(unpack).clone().map_err(failed)
}

/// A figure that is read once, for both pictures.
pub(super) struct Picture(Tree);

impl Picture {
    /// Of the text of an SVG.
    pub(super) fn new(svg: &str) -> io::Result<Self> {
        let options = Options { font_family: FAMILY.into(), fontdb: fonts()?, ..Options::default() };
        Tree::from_str(svg, &options).map(Self).map_err(failed)
    }

    /// As PNG, on the white of the figure.
    pub(super) fn png(&self) -> io::Result<Vec<u8>> {
        let size = self.0.size();
        let [width, height] = [size.width(), size.height()].map(|length| (SCALE * length).round() as u32);
        let mut pixels = Pixmap::new(width, height).ok_or_else(|| failed("it has no size"))?;
        resvg::render(&self.0, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
        pixels.encode_png().map_err(failed)
    }

    /// As PDF of one page, lines as lines and text as text.
    pub(super) fn pdf(&self) -> io::Result<Vec<u8>> {
        let page = PageOptions { dpi: DPI };
        svg2pdf::to_pdf(&self.0, ConversionOptions::default(), page).map(in_order).map_err(failed)
    }
}

/// The same figure, the same bytes: svg2pdf lists the opacities and the groups of a page in an order of chance. Lines
/// change places within their list, so that every offset in the file holds.
fn in_order(mut pdf: Vec<u8>) -> Vec<u8> {
    for start in [&b"/ExtGState <<\n"[..], b"/XObject <<\n"] {
        let starts = pdf.windows(start.len()).enumerate().filter(|(_, bytes)| *bytes == start);
        for list in starts.map(|(at, _)| at + start.len()).collect::<Vec<_>>() {
            sort_entries(&mut pdf[list..]);
        }
    }
    pdf
}

/// Sorts the lines at the start that have a name and the number of an object.
fn sort_entries(list: &mut [u8]) {
    let is_entry = |line: &&[u8]| line.trim_ascii_start().starts_with(b"/") && line.ends_with(b" 0 R\n");
    let mut entries: Vec<&[u8]> = list.split_inclusive(|byte| *byte == b'\n').take_while(is_entry).collect();
    entries.sort_unstable();
    let sorted = entries.concat();
    list[..sorted.len()].copy_from_slice(&sorted);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"80\" height=\"40\" font-family=\"Arial, \
                       sans-serif\"><rect width=\"100%\" height=\"100%\" fill=\"white\"/><text x=\"8\" y=\"30\" \
                       font-size=\"24\">‖K∞‖ Δ²</text></svg>";

    /// The width and height that the header of a PNG has.
    fn size(png: &[u8]) -> [u32; 2] {
        [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()))
    }

    #[test]
    fn letters_are_drawn_without_fonts_of_the_machine() {
        let picture = Picture::new(SVG).unwrap();
        let (png, pdf) = (picture.png().unwrap(), picture.pdf().unwrap());
        assert_eq!((&png[1..4], size(&png)), (&b"PNG"[..], [200, 100]));
        let pixels = Pixmap::decode_png(&png).unwrap();
        let dark = pixels.pixels().iter().filter(|p| p.red() < 128).count();
        assert!((400..4000).contains(&dark), "{dark} dark pixels");
        assert!(pixels.pixels().iter().all(|p| p.alpha() == 255), "white paper under all of it");
        assert!(pdf.starts_with(b"%PDF-"));
        let said = String::from_utf8_lossy(&pdf);
        assert!(said.contains("DejaVuSans") && said.contains("ToUnicode"), "text is text");
        // 80 pixels at 96 to the inch, 72 points each.
        assert!(said.contains("/MediaBox [0 0 60 30]"), "{said}");
        assert_eq!(Picture::new(SVG).unwrap().pdf().unwrap(), pdf, "the same figure, the same bytes");
    }

    #[test]
    fn a_figure_of_many_shades_is_the_same_every_time() {
        let circle = |k: usize| format!("<circle cx=\"{k}\" cy=\"9\" r=\"5\" opacity=\"0.{k}\"/>");
        let circles: String = (10..40).map(circle).collect();
        let svg =
            format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"80\" height=\"40\">{circles}</svg>");
        let pdf = |_| Picture::new(&svg).unwrap().pdf().unwrap();
        let [one, other] = [0, 1].map(pdf);
        let said = String::from_utf8_lossy(&one);
        assert!(
            said.contains("/gs29 ") && said.contains("/xo29 "),
            "as many opacities and groups as circles"
        );
        assert!(one == other, "the same figure, other bytes");
        // Every object is where the table at the end says.
        let table = said.rfind("\nxref\n").unwrap();
        let entries = said[table..].lines().filter(|line| line.ends_with(" 00000 n"));
        let offsets: Vec<usize> = entries.map(|line| line[..10].parse().unwrap()).collect();
        assert!(offsets.len() > 60, "{} objects", offsets.len());
        for (number, at) in offsets.into_iter().enumerate() {
            assert!(
                one[at..].starts_with(format!("{} 0 obj", number + 1).as_bytes()),
                "object {}",
                number + 1
            );
        }
    }

    #[test]
    fn what_is_no_figure_is_said_to_be_none() {
        let error = Picture::new("<svg").err().unwrap().to_string();
        assert!(error.starts_with("the figure cannot be drawn: "), "{error}");
    }
}
