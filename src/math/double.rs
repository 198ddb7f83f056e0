//! Sums, products and unit vectors whose rounding errors are kept (double-double arithmetic).
//!
//! A value is an unevaluated pair high + low with |low| ≤ ulp(high)/2, about 32 digits. Here it serves two ends:
//! sums over a million layers that must not lose digits to rounding, and unit vectors whose *differences* must be
//! right where the points are nearly equal or nearly opposite.
//!
//! Nothing below contracts a multiplication and an addition except where `mul_add` asks for it, so results are the
//! same on every CPU. Sources: Knuth, TAOCP 2, 4.2.2; Dekker, Numer. Math. 18 (1971) 224.

use super::linalg::max_abs;

/// a + b as (rounded sum, its exact error).
#[inline(always)]
pub fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

/// a·b as (rounded product, its exact error), barring underflow.
pub fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

/// A row x as its length and its direction, the direction in double-double.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitRow {
    /// ‖x‖, 0 for a zero row.
    pub norm: f64,
    /// Leading parts of x/‖x‖.
    pub high: Vec<f64>,
    /// Trailing parts: a coordinate is high + low, up to about 2⁻¹⁰³ relative.
    pub low: Vec<f64>,
}

impl UnitRow {
    /// The direction of a finite row. Lengths from 1e−300 to 1e300 neither overflow nor vanish, because the row is
    /// first scaled by an exact power of two. A zero row has norm 0 and zero coordinates.
    pub fn new(row: &[f64]) -> Self {
        let scale = inverse_power_of_two(row);
        let (mut high, mut low) = (0.0, 0.0);
        for &value in row {
            let (square, error) = two_product(value * scale, value * scale);
            let (sum, rest) = two_sum(high, square);
            (high, low) = two_sum(sum, low + (rest + error));
        }
        if high == 0.0 {
            return Self { norm: 0.0, high: vec![0.0; row.len()], low: vec![0.0; row.len()] };
        }
        // √(high + low): one Newton correction of the rounded root.
        let root = high.sqrt();
        let root_low = ((-root).mul_add(root, high) + low) / (2.0 * root);
        let unit = |value: &f64| {
            let value = value * scale;
            let quotient = value / root;
            let rest = (-quotient).mul_add(root, value) - quotient * root_low;
            two_sum(quotient, rest / root)
        };
        let (high, low) = row.iter().map(unit).unzip();
        Self { norm: root / scale, high, low }
    }
}

/// 2^−e with 2^e the binade of the largest magnitude in the row, so that scaled rows have a largest value in [1, 2).
fn inverse_power_of_two(row: &[f64]) -> f64 {
    let biased = ((max_abs(row).to_bits() >> 52) & 0x7ff).clamp(1, 2045);
    f64::from_bits((2046 - biased) << 52)
}

/// Whether x and y, neither of them zero, lie exactly on one line through the origin.
///
/// Decided by exact products x_i·y_p = x_p·y_i, p the largest coordinate of x; no rounding enters while the
/// coordinates of one row span less than 10¹⁴⁰.
pub fn on_one_line(x: &[f64], y: &[f64]) -> bool {
    let (sx, sy) = (inverse_power_of_two(x), inverse_power_of_two(y));
    let mut pivot = 0;
    for i in 0..x.len() {
        if x[i].abs() > x[pivot].abs() {
            pivot = i;
        }
    }
    let (xp, yp) = (x[pivot] * sx, y[pivot] * sy);
    x.iter().zip(y).all(|(&xi, &yi)| two_product(xi * sx, yp) == two_product(xp, yi * sy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_sums_and_products_are_exact() {
        assert_eq!(two_sum(1.0, 1e-20), (1.0, 1e-20));
        assert_eq!(two_sum(1e-20, 1.0), (1.0, 1e-20));
        let e = f64::EPSILON;
        assert_eq!(two_product(1.0 + e, 1.0 - e), (1.0, -e * e));
    }

    #[test]
    fn unit_rows_have_unit_length_to_thirty_digits_at_every_magnitude() {
        for magnitude in [1e-300, 1e-150, 1.0, 3.7, 1e150, 1e300] {
            let row: Vec<f64> = [0.3, -1.7, 2.9, 1e-9].iter().map(|v| v * magnitude).collect();
            let unit = UnitRow::new(&row);
            let expected = (0.09f64 + 2.89 + 8.41).sqrt() * magnitude;
            assert!((unit.norm / expected - 1.0).abs() < 1e-15, "{magnitude}: {}", unit.norm);
            // Σ (h + l)² − 1, the squares of h summed exactly.
            let (mut sum, mut low) = (-1.0, 0.0);
            for (&h, &l) in unit.high.iter().zip(&unit.low) {
                let (square, error) = two_product(h, h);
                let (s, rest) = two_sum(sum, square);
                sum = s;
                low += rest + error + 2.0 * h * l + l * l;
            }
            assert!((sum + low).abs() < 1e-30, "{magnitude}: {}", sum + low);
        }
        assert_eq!(UnitRow::new(&[0.0, -0.0]).norm, 0.0);
    }

    #[test]
    fn lines_are_told_from_near_lines() {
        let x = [0.1, 0.7, -3.0];
        let scaled = |c: f64| x.map(|v: f64| v * c);
        assert!(on_one_line(&x, &scaled(1.0)) && on_one_line(&x, &scaled(-8.0)));
        assert!(
            on_one_line(&[1.0, 2.0, 0.0], &[3.0, 6.0, 0.0]) && on_one_line(&[1e-150, 0.0], &[1e150, 0.0])
        );
        let mut near = x;
        near[1] = f64::from_bits(near[1].to_bits() + 1);
        assert!(!on_one_line(&x, &near));
        assert!(!on_one_line(&[1.0, 0.0], &[1.0, 1e-100]) && !on_one_line(&[0.0, 1.0], &[1.0, 0.0]));
    }
}
