//! What the companion paper, "MLPs at the EOC: Spectrum of the NTK" (Terjék and González-Sánchez, arXiv 2501.13225),
//! says of K∞, beside which the exact spectrum stands.
//!
//! The paper describes two points by w = ((1−ρ)/2)^−½ ∈ [1, ∞), their *inverse cosine distance*; one layer takes w to
//! ω(w). With W_d the matrix of the w of all pairs at depth d (its diagonal is zero), [`Theory`] holds for each depth
//!
//! ```text
//! W   the solution of  λ_1(W_d) = (n−1)·ω^{∘(d−1)}(W)      one number in place of all pairs; ω in [`iterate`]
//! ξ = (3/8)·( (π/(2Δ))·W + log( (3π/(4Δ))·W + d − 1 ) − 1 )
//! λ_1 ≈ (1+3/n)·d/4 + (1−1/n)·ξ      λ ≈ (3d/4 − ξ)/n of the others      λ_1/λ_n ≈ 1 + n/3 + (16/9)·n·ξ/(d − 4ξ/3)
//! ```
//!
//! (Theorem 18), and what Propositions 13 and 14 say of every pair against what is found there. The eigenvalues are
//! those of K∞/n. Where norms differ the theorem has two sides: eigenvalues times the largest ‖x_i‖² above and the
//! least below, the condition number times their ratio and its inverse.
//!
//! Where Δ > ½, ω falls before it rises, and the equation for W can have two solutions: the larger one is taken, on the
//! branch where ω rises. Proposition 17 says only that some W fits all pairs; that it fits λ_1 is our choice.

pub mod iterate;
mod propositions;
mod root;
mod theorem18;

use serde::Serialize;

use crate::math::activation::Activation;
use crate::math::linalg::NoConvergence;
use iterate::Omega;
pub use propositions::{Inequality, Proposition13, Proposition14, proposition_13, proposition_14_upper};
pub use theorem18::{Sides, Theorem18};

/// Theorem 18 and Propositions 13 and 14 beside one data set's limit, for each depth that a [`super::Profile`] shows.
///
/// Serialises as the object `theory` of a limit's report; a list has one entry for each of `depths`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Theory {
    /// W.
    w: Vec<Option<f64>>,
    /// ξ.
    xi: Vec<Option<f64>>,
    /// The upper sides of Theorem 18, which are the lower ones where all norms are equal.
    #[serde(flatten)]
    upper: Sides,
    /// The lower sides.
    lower: Sides,
    proposition_13: Option<Proposition13>,
    proposition_14: Option<Proposition14>,
}

impl Theory {
    /// W at each depth; `None` beyond f64.
    pub fn w(&self) -> &[Option<f64>] {
        &self.w
    }

    /// ξ at each depth.
    pub fn xi(&self) -> &[Option<f64>] {
        &self.xi
    }

    /// The upper sides of Theorem 18 at each depth, in the units of the eigenvalues of a [`super::Spectrum`].
    pub fn upper(&self) -> &Sides {
        &self.upper
    }

    /// The lower sides; those of [`Theory::upper`], up to rounding, where all points have one norm.
    pub fn lower(&self) -> &Sides {
        &self.lower
    }

    /// The largest distance of a pair from what Proposition 13 predicts; `None` at depth 1, where it says nothing.
    pub fn proposition_13(&self) -> Option<Proposition13> {
        self.proposition_13
    }

    /// The check of the side of Proposition 14 that has no constant.
    pub fn proposition_14(&self) -> Option<Proposition14> {
        self.proposition_14
    }
}

/// Builds a [`Theory`] while the depth grows.
#[derive(Clone, Debug)]
pub(super) struct Builder {
    omega: Omega,
    n: usize,
    /// w of every pair at depth 1, i > j in rows; empty before that depth.
    first: Vec<f64>,
    /// False once the papers say nothing of these points.
    applies: bool,
    theory: Theory,
}

impl Builder {
    /// For n points.
    pub(super) fn new(activation: Activation, n: usize) -> Self {
        let theory = Theory {
            w: Vec::new(),
            xi: Vec::new(),
            upper: Sides::default(),
            lower: Sides::default(),
            proposition_13: None,
            proposition_14: None,
        };
        let applies = n >= 2 && activation.delta() > 0.0;
        Self { omega: Omega::new(activation), n, first: Vec::new(), applies, theory }
    }

    /// Adds a depth, deeper than those before and 1 at first: K∞ and the cosine distances there, n × n both.
    pub(super) fn add(&mut self, depth: usize, ntk: &[f64], deltas: &[f64]) -> Result<(), NoConvergence> {
        let n = self.n;
        // Zero rows have no angle (NaN), points on one line no curvature between them.
        let on_one_line = |i: usize, j: usize| !(deltas[i * n + j] > 0.0 && deltas[i * n + j] < 2.0);
        self.applies &= self.first.len() == n * (n - 1) / 2
            || depth == 1 && !(0..n).any(|i| (0..i).any(|j| on_one_line(i, j)));
        if !self.applies {
            return Ok(());
        }
        let inverse: Vec<f64> = deltas.iter().map(|delta| (2.0 / delta).sqrt()).collect();
        let pairs = || (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
        if depth == 1 {
            self.first = pairs().map(|(i, j)| inverse[i * n + j]).collect();
        }
        let delta = self.omega.delta();
        for ((i, j), &first) in pairs().zip(&self.first) {
            let (w, pair) = (inverse[i * n + j], [j, i]);
            let entry = ntk[i * n + j] / (ntk[i * n + i].sqrt() * ntk[j * n + j].sqrt()) * depth as f64;
            propositions::see_13(&mut self.theory.proposition_13, delta, first, w, depth, pair);
            propositions::see_14(&mut self.theory.proposition_14, delta, w, entry, depth, pair);
        }
        let w = self.average(depth, inverse)?;
        let found = w.map(|w| Theorem18::new(delta, n, depth, w));
        let squares = (0..n).map(|i| ntk[i * n + i] / depth as f64);
        let (least, most) = squares.fold((f64::INFINITY, 0.0), |(a, b): (f64, f64), v| (a.min(v), b.max(v)));
        self.theory.w.push(w);
        self.theory.xi.push(found.map(|found| found.xi));
        self.theory.upper.push(found, most, most / least);
        self.theory.lower.push(found, least, least / most);
        Ok(())
    }

    /// W of this depth from the inverse cosine distances, whose diagonal is overwritten.
    fn average(&self, depth: usize, mut inverse: Vec<f64>) -> Result<Option<f64>, NoConvergence> {
        let n = self.n;
        (0..n).for_each(|i| inverse[i * n + i] = 0.0);
        if !inverse.iter().all(|w| w.is_finite()) {
            return Ok(None);
        }
        let target = root::largest_eigenvalue(&inverse, n)? / (n - 1) as f64;
        let guess = self.theory.w.last().copied().flatten();
        Ok(root::solve(&self.omega, target, depth - 1, guess))
    }

    /// The theory, unless the papers say nothing of these points: fewer than two, points on one line through the
    /// origin, zero rows, or a linear activation.
    pub(super) fn finish(self) -> Option<Theory> {
        self.applies.then_some(self.theory)
    }
}
