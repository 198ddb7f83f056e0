//! Theorem 18 of arXiv 2501.13225: the spectrum of K∞/n from the depth, n, Δ and W.

use std::f64::consts::PI;

use serde::Serialize;

/// What the theorem says of n points of norm √(m_0) at scale 1, without its error terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theorem18 {
    /// ξ = (3/8)·((π/(2Δ))·W + log((3π/(4Δ))·W + l − 1) − 1).
    pub xi: f64,
    /// λ_1 ≈ (1+3/n)·l/4 + (1−1/n)·ξ, up to O(Δ⁻¹ + Δ⁻²/l + l/n²).
    pub lambda_max: f64,
    /// The other eigenvalues ≈ (3l/4 − ξ)/n, up to O(Δ⁻¹/n + Δ⁻²/l + l/n²).
    pub lambda_bulk: f64,
    /// λ_1/λ_n ≈ 1 + n/3 + (16/9)·n·ξ/(l − 4ξ/3), up to O(1 + Δ⁻¹n/l + Δ⁻²n²/l²).
    pub condition_number: f64,
}

impl Theorem18 {
    /// For Δ > 0, n ≥ 2 points and depth l ≥ 1.
    pub fn new(delta: f64, n: usize, depth: usize, w: f64) -> Self {
        let (n, l) = (n as f64, depth as f64);
        let xi = 0.375 * (PI / (2.0 * delta) * w + (3.0 * PI / (4.0 * delta) * w + (l - 1.0)).ln() - 1.0);
        Self {
            xi,
            lambda_max: (1.0 + 3.0 / n) * l / 4.0 + (1.0 - 1.0 / n) * xi,
            lambda_bulk: (0.75 * l - xi) / n,
            condition_number: 1.0 + n / 3.0 + 16.0 / 9.0 * n * xi / (l - 4.0 * xi / 3.0),
        }
    }

    /// Whether the bulk is positive, l > 4ξ/3: before that depth the theorem says nothing.
    pub fn says_something(&self) -> bool {
        self.lambda_bulk > 0.0
    }
}

/// One side of the theorem by depth, in the units of K∞/n; `None` up to the depth 4ξ/3.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sides {
    /// λ_1.
    pub lambda_max: Vec<Option<f64>>,
    /// Every other eigenvalue, the least among them.
    pub lambda_bulk: Vec<Option<f64>>,
    /// λ_1/λ_n.
    pub condition_number: Vec<Option<f64>>,
}

impl Sides {
    /// Adds a depth, with `unit` = scale·τ²/m_0 of this side and `ratio` = τ²/τ′² of this side and the other.
    pub(super) fn push(&mut self, found: Option<Theorem18>, unit: f64, ratio: f64) {
        let found = found.filter(Theorem18::says_something);
        let value = |of: fn(&Theorem18) -> f64, unit: f64| {
            found.map(|found| of(&found) * unit).filter(|value| value.is_finite())
        };
        self.lambda_max.push(value(|found| found.lambda_max, unit));
        self.lambda_bulk.push(value(|found| found.lambda_bulk, unit));
        self.condition_number.push(value(|found| found.condition_number, ratio));
    }
}
