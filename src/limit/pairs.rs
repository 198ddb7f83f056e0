//! All pairs of points of a data set, from their cosine distances to their kernel sums at a growing depth.
//!
//! **Distances of the data.** With u, v the unit vectors of two rows in double-double, the nearer of
//!
//! ```text
//! δ = ‖u − v‖²/2        η = 2 − δ = ‖u + v‖²/2
//! ```
//!
//! is summed from differences taken before anything is rounded to f64: a coordinate of u ∓ v is right to about 2⁻¹⁰³,
//! so the distance is right to 10⁻¹⁵ relative down to about 10⁻³² (angles of one rounding error of f64), and to 10
//! digits down to about 10⁻⁴⁴. Below 10⁻⁶⁰ the pair is tested exactly for lying on one line; then the distance is
//! exactly 0. Rows are scaled by powers of two first, so lengths from 1e−150 to 1e150 may meet.
//!
//! Pairs i > j are numbered i(i−1)/2 + j and advance in blocks of [`LANES`].

use pulp::{Simd, WithSimd};

use super::Parallel;
use super::angle::{LANES, Lanes, Step};
use crate::data::DataSet;
use crate::math::activation::Activation;
use crate::math::double::{UnitRow, on_one_line};
use crate::threads;

/// Distances below this may be rounding of the unit vectors; an exact test decides.
const DOUBTFUL: f64 = 1e-60;
/// Distances up to this are between rows that are parallel up to one rounding of their coordinates: an angle of 2⁻⁵².
const ROUNDING: f64 = 2.5e-32;
/// Terms of a distance that are summed before they join the total, so that long rows lose no digits.
const BLOCK: usize = 64;

/// The pairs of a data set at one depth.
pub(super) struct Pairs {
    step: Step,
    norms: Vec<f64>,
    /// scale/m_0.
    factor: f64,
    depth: usize,
    blocks: Vec<Lanes>,
    parallel: Option<Parallel>,
}

impl Pairs {
    /// Depth 1.
    pub(super) fn new(data: &DataSet, activation: Activation, scale: f64) -> Self {
        let n = data.n();
        let units: Vec<UnitRow> = threads::map(n, |i| UnitRow::new(data.given_row(i)));
        let rows: Vec<Vec<(f64, bool)>> = threads::map(n, |i| {
            let given = |i: usize| (data.given_row(i), &units[i]);
            (0..i).map(|j| near_distance(given(i), given(j))).collect()
        });
        let step = Step::new(activation);
        let defined = |i: usize| units[i].norm > 0.0;
        let parallel = (0..n).find_map(|i| {
            let j = (0..i).find(|&j| rows[i][j].0 <= ROUNDING && defined(i) && defined(j))?;
            Some(Parallel { rows: [j, i], opposite: rows[i][j].1 })
        });
        let pairs: Vec<(f64, bool)> = rows.into_iter().flatten().collect();
        let blocks = pairs.chunks(LANES).map(|chunk| Lanes::new(chunk, &step)).collect();
        // Lengths are those of the rows in use, distances those of the rows before any normalisation.
        let norms = (0..n).map(|i| UnitRow::new(data.row(i)).norm).collect();
        Self { step, norms, factor: scale / data.dim() as f64, depth: 1, blocks, parallel }
    }

    /// The first two rows that are parallel up to rounding; zero rows are left out.
    pub(super) fn parallel(&self) -> Option<Parallel> {
        self.parallel
    }

    /// n.
    pub(super) fn n(&self) -> usize {
        self.norms.len()
    }

    /// d.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Goes on to this depth; never back.
    pub(super) fn advance_to(&mut self, depth: usize) {
        let layers = depth.saturating_sub(self.depth);
        let (step, simd) = (self.step, pulp::Arch::new());
        threads::for_each(&mut self.blocks, |lanes| simd.dispatch(Advance { lanes, layers, step }));
        self.depth += layers;
    }

    /// K∞ at this depth, n × n.
    pub(super) fn ntk(&self) -> Vec<f64> {
        self.kernel(self.depth as f64, Lanes::sum)
    }

    /// The NNGP kernel at this depth, n × n.
    pub(super) fn nngp(&self) -> Vec<f64> {
        self.kernel(1.0, Lanes::cosine)
    }

    /// δ_{d−1}, n × n.
    pub(super) fn deltas(&self) -> Vec<f64> {
        let undefined = |i: usize| self.norms[i] == 0.0;
        self.matrix(
            |i| if undefined(i) { f64::NAN } else { 0.0 },
            |i, j, lanes, lane| if undefined(i) || undefined(j) { f64::NAN } else { lanes.delta(lane) },
        )
    }

    /// ϱ′(ρ_{d−1}), n × n; NaN in rows and columns of zero points.
    pub(super) fn slopes(&self) -> Vec<f64> {
        let undefined = |i: usize| self.norms[i] == 0.0;
        self.matrix(
            |i| if undefined(i) { f64::NAN } else { 1.0 },
            |i, j, lanes, lane| {
                if undefined(i) || undefined(j) { f64::NAN } else { lanes.slope(lane, &self.step) }
            },
        )
    }

    fn kernel(&self, diagonal: f64, entry: impl Fn(&Lanes, usize) -> f64) -> Vec<f64> {
        // Adding 0 turns −0 of zero rows into 0.
        let norms = &self.norms;
        self.matrix(
            |i| norms[i] * norms[i] * self.factor * diagonal,
            |i, j, lanes, lane| norms[i] * norms[j] * self.factor * entry(lanes, lane) + 0.0,
        )
    }

    fn matrix(
        &self,
        diagonal: impl Fn(usize) -> f64,
        entry: impl Fn(usize, usize, &Lanes, usize) -> f64,
    ) -> Vec<f64> {
        let n = self.n();
        let mut matrix = vec![0.0; n * n];
        let mut pair = 0;
        for i in 0..n {
            for j in 0..i {
                let value = entry(i, j, &self.blocks[pair / LANES], pair % LANES);
                (matrix[i * n + j], matrix[j * n + i]) = (value, value);
                pair += 1;
            }
            matrix[i * n + i] = diagonal(i);
        }
        matrix
    }
}

/// A block that goes on by so many layers, in the widest registers; a closure need not be compiled for them.
struct Advance<'a> {
    lanes: &'a mut Lanes,
    layers: usize,
    step: Step,
}

impl WithSimd for Advance<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        self.lanes.advance(self.layers, &self.step);
    }
}

/// min(δ, η) of two rows, and whether it is η. (0, false) if one of them is zero: the value is then masked by its norm.
fn near_distance((x, u): (&[f64], &UnitRow), (y, v): (&[f64], &UnitRow)) -> (f64, bool) {
    if u.norm == 0.0 || v.norm == 0.0 {
        return (0.0, false);
    }
    let dot: f64 = u.high.iter().zip(&v.high).map(|(a, b)| a * b).sum();
    let sign = if dot < 0.0 { -1.0 } else { 1.0 };
    let mut total = 0.0;
    for start in (0..x.len()).step_by(BLOCK) {
        let mut part = 0.0;
        for i in start..x.len().min(start + BLOCK) {
            // Where the leading parts nearly cancel their difference is exact, elsewhere one rounding is harmless.
            let difference = (u.high[i] - sign * v.high[i]) + (u.low[i] - sign * v.low[i]);
            part += difference * difference;
        }
        total += part;
    }
    let near = 0.5 * total;
    if near < DOUBTFUL && on_one_line(x, y) { (0.0, dot < 0.0) } else { (near, dot < 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalisation_moves_no_distance() {
        // δ ≈ 5e−13: one rounding of a normalised coordinate would move it in the tenth digit.
        let data = DataSet::new(vec![3.0, 1.0, 2.0, 7.0, 7.0 / 3.0 + 7e-6, 14.0 / 3.0], 3).unwrap();
        let sphere = data.clone().normalized(crate::data::Normalize::Sphere);
        let pairs = |data| Pairs::new(data, Activation::ABS, 1.0);
        assert_eq!(pairs(&data).deltas(), pairs(&sphere).deltas());
        assert!((pairs(&sphere).ntk()[0] - 1.0).abs() < 1e-15);
        // The same rows without their history show the difference.
        let forgotten = DataSet::new(sphere.values().to_vec(), 3).unwrap();
        assert_ne!(pairs(&data).deltas(), pairs(&forgotten).deltas());
    }

    fn near(x: &[f64], y: &[f64]) -> (f64, bool) {
        near_distance((x, &UnitRow::new(x)), (y, &UnitRow::new(y)))
    }

    #[test]
    fn rows_on_one_line_are_at_distance_zero_exactly() {
        let x = [0.1, -0.7, 3.3, 1e-5];
        assert_eq!(near(&x, &x), (0.0, false));
        assert_eq!(near(&x, &x.map(|v| -v)), (0.0, true));
        assert_eq!(near(&[1.0, 5.0, 0.0], &[3.0, 15.0, 0.0]), (0.0, false));
        assert_eq!(
            near(&[1e-150, 3e-150], &[-1e-150 * 2f64.powi(900), -3e-150 * 2f64.powi(900)]),
            (0.0, true)
        );
        assert_eq!(near(&x, &[0.0; 4]), (0.0, false));
    }

    #[test]
    fn distances_of_known_pairs() {
        // (1, t) from (1, 0): δ = t²/2·(1 − 3t²/4 + …); the length of a row is no matter.
        for t in [1e-3f64, 1e-6, 1e-10, 1e-16, 1e-20] {
            let exact = (t * t / 2.0) * (1.0 - 0.75 * t * t);
            for c in [1.0, 3.0, 1e-100, 7e140] {
                let (found, opposite) = near(&[1.0, 0.0], &[-c, -c * t]);
                // c·t is rounded once: 2u of δ.
                assert!(
                    opposite && (found / exact - 1.0).abs() < 1e-11_f64.min(t.powi(4) + 1e-15),
                    "{t} {c}"
                );
            }
        }
        // One rounding error apart in three dimensions, δ about 1e-32: u = (1,1,1)/√3, δ = e²/9.
        let e = f64::EPSILON;
        let found = near(&[1.0, 1.0, 1.0], &[1.0, 1.0 + e, 1.0]).0;
        assert!((found / (e * e / 9.0) - 1.0).abs() < 1e-14, "{found}");
        assert!((near(&[1.0, 0.0], &[0.0, 2.0]).0 - 1.0).abs() < 1e-15);
    }
}
