//! One layer of the limit for eight pairs of points at once, without cancellation.
//!
//! Write θ for the angle between two activations, δ = 1 − cos θ for their cosine distance, η = 2 − δ for the distance
//! from being opposite. With g(θ) = sin θ − θ cos θ and Δ₂ = Δ·2/π the recursion ρ′ = ϱ(ρ) of the module above is
//!
//! ```text
//! θ ≤ π/2:          δ′ = δ − Δ₂ g(θ)                                        1 − ϱ′(ρ) = Δ₂ θ
//! θ = π − ε > π/2:  η′ = η + 2Δ(1−η) + Δ₂ g(ε),  δ′ = 2(1−Δ) + (2Δ−1)η − Δ₂ g(ε)
//!                                                                           1 − ϱ′(ρ) = 2Δ − Δ₂ ε
//! ```
//!
//! so the *smaller* of δ and η is carried, and both cases are one line with a sign (+1 acute, −1 obtuse) and
//! turn = 0 or 2Δ. ρ never decreases: an obtuse pair becomes acute once, and stays.
//!
//! **θ and g.** With x = sin²(θ/2) = δ/2 and the series arcsin √x = √x Σ c_n xⁿ (all c_n positive), since dg/dδ = θ:
//!
//! ```text
//! θ = 2√x Σ c_n xⁿ        g = (8/3) x√x Σ c_n·(3/2)/(n + 3/2) xⁿ
//! ```
//!
//! g comes from its own series, so nothing is subtracted. Where x is large the angle is halved,
//! x → (x/2)/(1 + √(1−x)), and both are doubled back by sums of positive terms:
//! θ → 2θ, g → 2 cos θ·g + 2θ sin²θ.
//!
//! **Rounding.** δ (or η) and the kernel sum S are added to in compensated form (value + error of the last addition),
//! so an addition costs u² = 2⁻¹⁰⁶, not u = 2⁻⁵³. What is added has a relative error r of a few u. For θ → 0, θ_k ≈
//! 3π/(2Δk): a relative error e of δ obeys e′ = (1 − 1/k)e + (2/k)r, which tends to 2r, and an error of S obeys E′ = (1
//! − 3/k)E + O(r), which stays below r·k. Where Δ is too small for that regime the increments themselves are small.
//! Hence a few u at any depth. Without compensation the first recursion gains u at every step: u·k/2, 5·10⁻¹¹ at depth
//! 10⁶.
//!
//! Cost of one layer of one pair: about 50 flops and a square root where x < 2⁻¹², three times that at wide angles.
//! Plain arithmetic only, so a number is the same on every CPU and at every vector width.

use crate::math::activation::Activation;
use crate::math::double::two_sum;

/// Pairs that advance together; the widest registers hold eight f64.
pub(super) const LANES: usize = 8;
/// Layers between two looks at how many terms the series needs.
const CHUNK: usize = 32;
/// Terms kept at most.
const TERMS: usize = 18;

/// c_n of arcsin √x = √x Σ c_n xⁿ: (2n)!/(4ⁿ n!² (2n+1)).
const ARCSIN: [f64; TERMS] = {
    let mut c = [1.0; TERMS];
    let mut binomial = 1.0;
    let mut n = 1;
    while n < TERMS {
        let m = n as f64;
        binomial *= (2.0 * m - 1.0) / (2.0 * m);
        c[n] = binomial / (2.0 * m + 1.0);
        n += 1;
    }
    c
};

/// c_n·(3/2)/(n + 3/2), the same for g.
const GAP: [f64; TERMS] = {
    let mut c = ARCSIN;
    let mut n = 1;
    while n < TERMS {
        c[n] = ARCSIN[n] * 1.5 / (n as f64 + 1.5);
        n += 1;
    }
    c
};

/// What a step needs of the activation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Δ·2/π.
    delta_2: f64,
    /// 2Δ.
    turn: f64,
    /// 2(1−Δ), from a²/(a²+b²) so that it is right where Δ is nearly 1.
    straight: f64,
}

impl Step {
    pub(super) fn new(activation: Activation) -> Self {
        let delta = activation.delta();
        Self {
            delta_2: delta * std::f64::consts::FRAC_2_PI,
            turn: 2.0 * delta,
            straight: 2.0 * activation.linear_share(),
        }
    }
}

/// Eight pairs at one depth d: the distance δ_{d−1} (or its complement) and the kernel sum S_d.
#[derive(Clone, Debug)]
pub(super) struct Lanes {
    /// min(δ, η), and what its last addition lost.
    near: [f64; LANES],
    near_low: [f64; LANES],
    /// S_d = Σ_k ρ_{k−1} Π ϱ′, and what its last addition lost.
    sum: [f64; LANES],
    sum_low: [f64; LANES],
    /// +1 where near is δ, −1 where it is η.
    sign: [f64; LANES],
    /// 0 where near is δ, 2Δ where it is η.
    turn: [f64; LANES],
    /// How θ and g are computed in the present chunk of layers.
    series: [Series; LANES],
    /// d.
    depth: usize,
}

/// Terms and halvings that x asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Series {
    Tiny,
    Small,
    Medium,
    Wide,
}

impl Lanes {
    /// Depth 1 for up to eight pairs (near, opposite): S_1 = ρ_0. Missing ones are filled with equal points.
    pub(super) fn new(pairs: &[(f64, bool)], step: &Step) -> Self {
        let zero = [0.0; LANES];
        let mut lanes = Self {
            near: zero,
            near_low: zero,
            sum: [1.0; LANES],
            sum_low: zero,
            sign: [1.0; LANES],
            turn: zero,
            series: [Series::Wide; LANES],
            depth: 1,
        };
        for (i, &(near, opposite)) in pairs.iter().enumerate() {
            lanes.near[i] = near.min(1.0);
            if opposite {
                (lanes.sign[i], lanes.turn[i]) = (-1.0, step.turn);
            }
            lanes.sum[i] = lanes.sign[i] * (1.0 - lanes.near[i]);
        }
        lanes
    }

    /// δ_{d−1} of a lane.
    pub(super) fn delta(&self, lane: usize) -> f64 {
        if self.sign[lane] > 0.0 { self.near[lane] } else { 2.0 - self.near[lane] }
    }

    /// ρ_{d−1} of a lane.
    pub(super) fn cosine(&self, lane: usize) -> f64 {
        self.sign[lane] * (1.0 - self.near[lane])
    }

    /// ϱ′(ρ_{d−1}) of a lane.
    pub(super) fn slope(&self, lane: usize, step: &Step) -> f64 {
        let angle = 2.0 * (0.5 * self.near[lane]).sqrt().asin();
        1.0 - (self.turn[lane] + self.sign[lane] * step.delta_2 * angle)
    }

    /// S_d of a lane.
    pub(super) fn sum(&self, lane: usize) -> f64 {
        self.sum[lane]
    }

    /// From depth d to depth d + `layers`.
    #[inline(always)]
    pub(super) fn advance(&mut self, layers: usize, step: &Step) {
        let mut left = layers;
        while left > 0 {
            // Chunks begin at fixed depths and a lane's series depends on that lane alone: a number depends neither on
            // the pairs beside it nor on the depths at which somebody looked.
            let done = (self.depth - 1) % CHUNK;
            if done == 0 {
                self.choose_series();
            }
            let now = left.min(CHUNK - done);
            let first = self.series[0];
            if self.series.iter().all(|&s| s == first) {
                match first {
                    Series::Tiny => self.layers::<3, 0, LANES>(0, now, step),
                    Series::Small => self.layers::<5, 0, LANES>(0, now, step),
                    Series::Medium => self.layers::<9, 0, LANES>(0, now, step),
                    Series::Wide => self.layers::<TERMS, 1, LANES>(0, now, step),
                }
            } else {
                for i in 0..LANES {
                    match self.series[i] {
                        Series::Tiny => self.layers::<3, 0, 1>(i, now, step),
                        Series::Small => self.layers::<5, 0, 1>(i, now, step),
                        Series::Medium => self.layers::<9, 0, 1>(i, now, step),
                        Series::Wide => self.layers::<TERMS, 1, 1>(i, now, step),
                    }
                }
            }
            self.depth += now;
            left -= now;
        }
    }

    /// Acute distances only fall, so a choice holds for the chunk. Each drops terms below 2⁻⁵⁶ of the first.
    fn choose_series(&mut self) {
        for i in 0..LANES {
            let x = 0.5 * self.near[i];
            self.series[i] = match self.sign[i] > 0.0 {
                true if x <= 1.5e-8 => Series::Tiny,
                true if x <= 2.4e-4 => Series::Small,
                true if x <= 1.5e-2 => Series::Medium,
                _ => Series::Wide,
            };
        }
    }

    /// `count` layers of the L lanes from `first` on, with N terms of the series after H halvings of the angle.
    #[inline(always)]
    fn layers<const N: usize, const H: usize, const L: usize>(
        &mut self,
        first: usize,
        count: usize,
        step: &Step,
    ) {
        let mut near: [f64; L] = load(&self.near, first);
        let mut near_low: [f64; L] = load(&self.near_low, first);
        let mut sum: [f64; L] = load(&self.sum, first);
        let mut sum_low: [f64; L] = load(&self.sum_low, first);
        let mut sign: [f64; L] = load(&self.sign, first);
        let mut turn: [f64; L] = load(&self.turn, first);
        for _ in 0..count {
            let (theta, gap) = angle_and_gap::<N, H, L>(near.map(|v| 0.5 * v));
            for i in 0..L {
                let loss = turn[i] + sign[i] * step.delta_2 * theta[i];
                let change = turn[i] * (1.0 - near[i]) - sign[i] * step.delta_2 * gap[i];
                let (mut new, mut low) = two_sum(near[i], change + near_low[i]);
                if H > 0 {
                    // From obtuse to acute: from now on δ is carried, taken from η and not from 2 − η′. Selections, not
                    // branches, so that the lanes stay together.
                    let crossed = new > 1.0;
                    let acute = step.straight + (step.turn - 1.0) * near[i] - step.delta_2 * gap[i];
                    new = if crossed { acute } else { new };
                    low = if crossed { 0.0 } else { low };
                    sign[i] = if crossed { 1.0 } else { sign[i] };
                    turn[i] = if crossed { 0.0 } else { turn[i] };
                }
                (near[i], near_low[i]) = (new, low);
                let cosine = sign[i] * (1.0 - new);
                let change = cosine - loss * sum[i];
                (sum[i], sum_low[i]) = two_sum(sum[i], change + sum_low[i]);
            }
        }
        self.near[first..first + L].copy_from_slice(&near);
        self.near_low[first..first + L].copy_from_slice(&near_low);
        self.sum[first..first + L].copy_from_slice(&sum);
        self.sum_low[first..first + L].copy_from_slice(&sum_low);
        self.sign[first..first + L].copy_from_slice(&sign);
        self.turn[first..first + L].copy_from_slice(&turn);
    }
}

/// L values from `first` on.
#[inline(always)]
fn load<const L: usize>(values: &[f64; LANES], first: usize) -> [f64; L] {
    std::array::from_fn(|i| values[first + i])
}

/// θ and g(θ) = sin θ − θ cos θ from x = sin²(θ/2) ≤ 1/2, lane by lane.
#[inline(always)]
pub(super) fn angle_and_gap<const N: usize, const H: usize, const L: usize>(
    x: [f64; L],
) -> ([f64; L], [f64; L]) {
    let mut x = x;
    for _ in 0..H {
        x = x.map(|x| 0.5 * x / (1.0 + (1.0 - x).sqrt()));
    }
    let (mut p, mut q) = ([ARCSIN[N - 1]; L], [GAP[N - 1]; L]);
    for n in (0..N - 1).rev() {
        for i in 0..L {
            p[i] = p[i] * x[i] + ARCSIN[n];
            q[i] = q[i] * x[i] + GAP[n];
        }
    }
    let (mut theta, mut gap) = ([0.0; L], [0.0; L]);
    for i in 0..L {
        let root = x[i].sqrt();
        theta[i] = 2.0 * root * p[i];
        gap[i] = (8.0 / 3.0) * x[i] * root * q[i];
    }
    for _ in 0..H {
        for i in 0..L {
            let square = 4.0 * x[i] * (1.0 - x[i]);
            gap[i] = 2.0 * ((1.0 - 2.0 * x[i]) * gap[i] + theta[i] * square);
            theta[i] *= 2.0;
            x[i] = square;
        }
    }
    (theta, gap)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// θ and g by the functions of the standard library, for angles at which they do not cancel.
    fn reference(x: f64) -> (f64, f64) {
        let theta = 2.0 * x.sqrt().asin();
        (theta, theta.sin() - theta * theta.cos())
    }

    fn at<const N: usize, const H: usize>(x: f64) -> (f64, f64) {
        let (theta, gap) = angle_and_gap::<N, H, 1>([x]);
        (theta[0], gap[0])
    }

    #[test]
    fn series_agree_with_each_other_and_with_the_library() {
        let close = |a: (f64, f64), b: (f64, f64), tol: f64| {
            (a.0 / b.0 - 1.0).abs() < tol && (a.1 / b.1 - 1.0).abs() < tol
        };
        for k in 0..=200 {
            let x = 0.5 * (k as f64 / 200.0).powi(2).max(0.02);
            assert!(close(at::<18, 1>(x), reference(x), 1e-13), "{x}");
        }
        // At the end of its range each short series equals the long one; one term fewer is told apart.
        for scale in [1.0, 0.5, 1e-3, 1e-9] {
            let ends = (1.5e-2 * scale, 2.4e-4 * scale, 1.5e-8 * scale);
            assert!(close(at::<9, 0>(ends.0), at::<18, 1>(ends.0), 1e-15), "{scale}");
            assert!(close(at::<5, 0>(ends.1), at::<18, 1>(ends.1), 1e-15), "{scale}");
            assert!(close(at::<3, 0>(ends.2), at::<18, 1>(ends.2), 1e-15), "{scale}");
        }
        assert!(!close(at::<2, 0>(2.4e-4), at::<18, 1>(2.4e-4), 1e-10));
        assert_eq!(at::<18, 1>(0.0), (0.0, 0.0));
    }

    #[test]
    fn one_layer_is_the_gaussian_expectation() {
        // E φ(u)φ(v) over unit normals at angle θ is (1/π) ∫ φ(cos t) φ(cos(t − θ)) dt over a turn; kinks make the
        // trapezoid rule O(h²).
        let turn = 2.0 * std::f64::consts::PI;
        let nodes = 200_000;
        for (a, b) in [(0.0, 1.0), (0.5, 0.5), (0.6, 0.4), (-0.4, 0.7), (1.0, 0.0)] {
            let step = Step::new(Activation::new(a, b).unwrap());
            for theta in [0.3f64, 1.2, 1.9, 3.0] {
                let phi = |s: f64| a * s + b * s.abs();
                let mean: f64 = (0..nodes)
                    .map(|i| turn * f64::from(i) / f64::from(nodes))
                    .map(|t| phi(t.cos()) * phi((t - theta).cos()))
                    .sum::<f64>()
                    * 2.0
                    / f64::from(nodes);
                let expected = mean / (a * a + b * b);
                let near = 1.0 - theta.cos().abs();
                let mut lanes = Lanes::new(&[(near, theta.cos() < 0.0)], &step);
                lanes.advance(1, &step);
                assert!((lanes.cosine(0) - expected).abs() < 1e-8, "{a},{b} {theta}");
                assert!((lanes.delta(0) - (1.0 - expected)).abs() < 1e-8);
            }
        }
    }

    #[test]
    fn even_activations_do_not_tell_a_point_from_its_opposite() {
        let step = Step::new(Activation::ABS);
        for near in [0.0, 1e-300, 1e-12, 0.3, 1.0] {
            let mut lanes = Lanes::new(&[(near, false), (near, true)], &step);
            lanes.advance(1, &step);
            let (same, opposite) = (lanes.delta(0), lanes.delta(1));
            assert!((same - opposite).abs() <= 4.0 * f64::EPSILON * same, "{near}: {same} {opposite}");
        }
    }
}
