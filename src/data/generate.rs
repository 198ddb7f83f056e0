//! Points that need no file. All are row-major.

use super::DataError;
use super::room::reserve;
use crate::rng::{Role, Stream};

/// Provenance and licence are in the README beside it.
const DIGITS: &str = include_str!("digits/digits.csv");
/// Pixels of a digit; the column behind them is its label.
const PIXELS: usize = 64;

/// The first n digits, and their number of pixels.
pub(super) fn digits(n: usize) -> Result<(Vec<f64>, usize), DataError> {
    let mut values = Vec::with_capacity(n * PIXELS);
    for line in DIGITS.lines().take(n) {
        for pixel in line.split(',').take(PIXELS) {
            let pixel = pixel.parse::<u8>().map_err(|_| DataError::UnknownSource("digits".to_owned()))?;
            values.push(f64::from(pixel));
        }
    }
    Ok((values, PIXELS))
}

/// Independent standard normals, row after row from the stream of the seed.
pub(super) fn gaussian(n: usize, dim: usize, seed: u64) -> Result<Vec<f64>, DataError> {
    let mut stream = Stream::new(seed, Role::Data);
    let mut values = Vec::new();
    reserve(&mut values, n * dim)?;
    values.extend((0..n * dim).map(|_| stream.normal()));
    Ok(values)
}

/// The rows of [`gaussian`] scaled to norm √dim; a row of all zeros, which no stream has ever shown, becomes the first
/// axis.
pub(super) fn sphere(n: usize, dim: usize, seed: u64) -> Result<Vec<f64>, DataError> {
    let mut values = gaussian(n, dim, seed)?;
    let target = (dim as f64).sqrt();
    for point in values.chunks_exact_mut(dim) {
        let norm = point.iter().map(|v| v * v).sum::<f64>().sqrt();
        if norm == 0.0 {
            point[0] = target;
        } else {
            point.iter_mut().for_each(|v| *v *= target / norm);
        }
    }
    Ok(values)
}

/// Two points of norm √2 in the plane, this angle apart.
pub(super) fn pair(angle: f64) -> Vec<f64> {
    let (sin, cos) = angle.sin_cos();
    let r = std::f64::consts::SQRT_2;
    vec![r, 0.0, r * cos, r * sin]
}
