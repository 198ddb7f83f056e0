//! `.npy`, versions 1.0, 2.0 and 3.0: magic, version, length of the header, header, values.
//!
//! The header is the text of a Python dictionary with the keys `descr`, `fortran_order` and `shape`. It is read by a
//! scanner of this one form instead of a parser of Python: nothing nests, so nothing can be nested too deeply.
//!
//! Source: "A simple file format for NumPy arrays" (numpy.lib.format).

use std::io::Read;

use super::element::{Element, Kind, fill};
use super::{Fault, Table, malformed};
use crate::data::room::reserve;
use crate::units::counted;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Headers of two-dimensional arrays are a hundred bytes.
const MAX_HEADER: usize = 1 << 16;

/// Element, axis order and shape of an array.
#[derive(Debug, PartialEq)]
struct Header {
    element: Element,
    fortran: bool,
    shape: Vec<u64>,
}

/// The two-dimensional array of a file.
pub(super) fn read(file: &mut dyn Read) -> Result<Table, Fault> {
    let mut start = [0; 8];
    let got = fill(file, &mut start)?;
    if got < 6 || start[..6] != *MAGIC {
        return malformed("the file is no .npy file; it should begin with \\x93NUMPY");
    }
    let length = match (got, start[6], start[7]) {
        (8, 1, 0) => exactly::<2>(file)?.map(u16::from_le_bytes).map(usize::from),
        (8, 2 | 3, 0) => exactly::<4>(file)?.map(u32::from_le_bytes).map(|n| n as usize),
        (8, major, minor) => {
            return malformed(format!(
                ".npy version {major}.{minor} is unknown; use version 1.0, 2.0 or 3.0"
            ));
        }
        _ => None,
    };
    let Some(length) = length else {
        return malformed("the file is cut off before the length of its header");
    };
    if length > MAX_HEADER {
        return malformed(format!(
            "the header is said to be {} long; a plain array has at most {MAX_HEADER}",
            counted(length, "byte")
        ));
    }
    let mut text = vec![0; length];
    if fill(file, &mut text)? < length {
        return malformed(format!("the file is cut off within its header of {}", counted(length, "byte")));
    }
    let header = match std::str::from_utf8(&text) {
        Ok(text) => {
            parse(text).or_else(|reason| malformed(format!("the header of the .npy file {reason}")))?
        }
        Err(_) => return malformed("the header of the .npy file is no text"),
    };
    let (dimensions, shape) = (header.shape.len(), shape_text(&header.shape));
    let [rows, rest @ ..] = &header.shape[..] else {
        return malformed(format!(
            "the array has 0 dimensions, shape {shape}; a data set has 2 or more, points by coordinates"
        ));
    };
    if rest.is_empty() {
        return malformed(format!(
            "the array has 1 dimension, shape {shape}; a data set has 2 or more, points by coordinates"
        ));
    }
    // Saturated, a size is still too large.
    let columns = rest.iter().fold(1u64, |product, &size| product.saturating_mul(size));
    let mut values = header.element.read_all(file, *rows, columns)?;
    if header.fortran {
        values = c_order(&values, &header.shape)?;
    }
    let flattened = dimensions > 2;
    let note = format!(
        "an array of shape {shape} is read as {} of {} each",
        counted(*rows, "point"),
        counted(columns, "coordinate")
    );
    let notes = flattened.then_some(note).into_iter().collect();
    Ok(Table { values, columns: columns as usize, notes })
}

fn shape_text(shape: &[u64]) -> String {
    match shape {
        [one] => format!("({one},)"),
        many => format!("({})", many.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// Values whose first index varies fastest, in the order in which the last does. Sizes are those of values in memory.
fn c_order(values: &[f64], shape: &[u64]) -> Result<Vec<f64>, Fault> {
    let sizes: Vec<usize> = shape.iter().map(|&size| size as usize).collect();
    let mut strides = Vec::with_capacity(sizes.len());
    let mut stride = 1;
    for size in &sizes {
        strides.push(stride);
        stride *= size;
    }
    let at = |mut index: usize| -> usize {
        let mut place = 0;
        for (size, stride) in sizes.iter().zip(&strides).rev() {
            place += (index % size) * stride;
            index /= size;
        }
        place
    };
    let mut ordered = Vec::new();
    reserve(&mut ordered, values.len())?;
    ordered.extend((0..values.len()).map(|i| values[at(i)]));
    Ok(ordered)
}

/// The next N bytes; none where the file ends before.
fn exactly<const N: usize>(file: &mut dyn Read) -> Result<Option<[u8; N]>, Fault> {
    let mut bytes = [0; N];
    Ok((fill(file, &mut bytes)? == N).then_some(bytes))
}

fn parse(text: &str) -> Result<Header, String> {
    let mut rest = Scanner(text.trim());
    let (mut element, mut fortran, mut shape) = (None, None, None);
    rest.expect('{')?;
    while !rest.take('}') {
        let key = rest.quoted().ok_or("has no quoted key where one should be")?;
        rest.expect(':')?;
        match key {
            "descr" if element.is_none() => {
                let descr = rest.quoted().ok_or(
                    "describes no plain numbers; store floats or integers, not records, objects or text",
                )?;
                element = Some(number_type(descr).ok_or_else(|| {
                    format!(
                        "declares elements of type '{descr}'{}; store floats of 2, 4 or 8 bytes or integers of 1 to 8 \
                         bytes",
                        other_type(descr)
                    )
                })?);
            }
            "fortran_order" if fortran.is_none() => fortran = Some(rest.boolean()?),
            "shape" if shape.is_none() => shape = Some(rest.tuple()?),
            "descr" | "fortran_order" | "shape" => return Err(format!("has the key '{key}' twice")),
            _ => return Err(format!("has the unknown key '{key}'; it holds descr, fortran_order and shape")),
        }
        if !rest.take(',') {
            rest.expect('}')?;
            break;
        }
    }
    if !rest.0.is_empty() {
        return Err("goes on behind its closing brace".to_owned());
    }
    match (element, fortran, shape) {
        (Some(element), Some(fortran), Some(shape)) => Ok(Header { element, fortran, shape }),
        (None, ..) => Err("lacks the key 'descr'".to_owned()),
        (_, None, _) => Err("lacks the key 'fortran_order'".to_owned()),
        _ => Err("lacks the key 'shape'".to_owned()),
    }
}

/// `<f8`, `>i2`, `|u1` and the like.
fn number_type(descr: &str) -> Option<Element> {
    let mut chars = descr.chars();
    let order = chars.next()?;
    let kind = match chars.next()? {
        'f' => Kind::Float,
        'i' => Kind::Signed,
        'u' => Kind::Unsigned,
        _ => return None,
    };
    let digits = chars.as_str();
    // `parse` alone would let a plus sign pass.
    let bytes = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
    match order {
        '<' => Element::new(kind, bytes, false),
        '>' => Element::new(kind, bytes, true),
        '|' if bytes == 1 => Element::new(kind, bytes, false),
        _ => None,
    }
}

/// What elements of no number's type are, and how numbers become of them.
fn other_type(descr: &str) -> &'static str {
    match descr.trim_start_matches(['<', '>', '=', '|']).chars().next() {
        Some('b') => ", which are true or false (x.astype(float) makes them 1 and 0)",
        Some('c') => ", which are complex (numpy.hstack([x.real, x.imag]) makes coordinates of both parts)",
        Some('O') => ", which are objects of Python (x.astype(float), where all of them are numbers)",
        Some('S' | 'U') => ", which are text (x.astype(float), where all of it is numbers)",
        Some('M' | 'm') => ", which are times",
        Some('V') => ", which NumPy does not know (x.astype(numpy.float32) of bfloat16)",
        _ => "",
    }
}

/// What is left of the header, without leading space.
struct Scanner<'t>(&'t str);

impl<'t> Scanner<'t> {
    fn advance(&mut self, bytes: usize) {
        self.0 = self.0[bytes..].trim_start();
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.0.starts_with(c);
        if found {
            self.advance(c.len_utf8());
        }
        found
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        let found: String = self.0.chars().take(12).collect();
        if self.take(c) { Ok(()) } else { Err(format!("has \"{found}\" where {c} should be")) }
    }

    /// A string in single or double quotes, without escapes.
    fn quoted(&mut self) -> Option<&'t str> {
        let quote = self.0.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let text = &self.0[1..];
        let end = text.find(quote)?;
        self.advance(end + 2);
        Some(&text[..end])
    }

    fn boolean(&mut self) -> Result<bool, String> {
        for (text, value) in [("True", true), ("False", false)] {
            if self.0.starts_with(text) {
                self.advance(text.len());
                return Ok(value);
            }
        }
        Err("has no True or False behind 'fortran_order'".to_owned())
    }

    /// `(3, 4)`, `(3,)` or `()`; NumPy on Python 2 wrote `3L`.
    fn tuple(&mut self) -> Result<Vec<u64>, String> {
        self.expect('(')?;
        let mut numbers = Vec::new();
        while !self.take(')') {
            let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
            let number = self.0[..digits].parse().map_err(|_| {
                "has a shape that is no tuple of integers from 0 to 18446744073709551615".to_owned()
            })?;
            numbers.push(number);
            self.advance(digits);
            self.take('L');
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(numbers)
    }
}
