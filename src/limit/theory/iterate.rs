//! One layer in inverse cosine distances, ω(w), and its iterates.
//!
//! With z = (1−ρ)/2 = w⁻², θ the angle (z = sin²(θ/2)) and g(θ) = sin θ − θ cos θ,
//!
//! ```text
//! ζ(z) = z − (Δ/π)·g(θ)        ω(w) = ζ(w⁻²)^−½        r = 1 − ζ/z,  s = √(1−r):   ω(w) − w = w·r/(s·(1+s))
//! ```
//!
//! The *gain* ω(w) − w is about 4Δ/(3π) however large w is, so it is computed as it stands, without a difference, and
//! gains are summed in compensated form: the gain of a million layers has all its digits, beside a w of 1 as beside one
//! of 10³⁰. g comes from the series in `limit::angle`. Beyond a right angle, with ε = π − θ and y = 1 − z, ζ = (1−Δ) +
//! (2Δ−1)·y − (Δ/π)·g(ε), which keeps the digits of a ζ near 0 (Δ = 1 and nearly opposite points). From w = 10⁹ on the
//! series is its first term, Proposition 12: ω(w) = w + 4Δ/(3π) + (3/2)(4Δ/(3π))²/w + ….

use std::f64::consts::{FRAC_1_PI, FRAC_2_PI, PI};

use crate::limit::angle::angle_and_gap;
use crate::math::activation::Activation;
use crate::math::double::two_sum;

/// ω of one activation, Δ > 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Omega {
    delta: f64,
    /// 1 − Δ.
    linear: f64,
}

/// ω^{∘k}(w), kept as what it adds to w.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iterate {
    /// ω^{∘k}(w) − w.
    pub gain: f64,
    /// What rounding took from the gain.
    pub gain_low: f64,
    /// d ω^{∘k}/dw.
    pub slope: f64,
}

impl Omega {
    /// ω of this activation.
    pub fn new(activation: Activation) -> Self {
        Self { delta: activation.delta(), linear: activation.linear_share() }
    }

    /// Δ.
    pub fn delta(&self) -> f64 {
        self.delta
    }

    /// 4Δ/(3π), the gain of a layer at w = ∞; the gain at any w is larger.
    pub fn least_gain(&self) -> f64 {
        4.0 * self.delta / (3.0 * PI)
    }

    /// Where ω rises from: 1 for Δ ≤ ½, else where the slope of ζ vanishes, at the angle π/(2Δ).
    pub fn bottom(&self) -> f64 {
        if self.delta <= 0.5 { 1.0 } else { 1.0 / (PI / (4.0 * self.delta)).sin() }
    }

    /// ω(w) − w and ω′(w), for w ≥ 1. Infinite where ω is: at w = 1 for Δ = 1.
    pub fn step(&self, w: f64) -> (f64, f64) {
        if w > 1e9 {
            // The next term of r is 10⁻¹⁹ of it.
            let r = 2.0 * self.least_gain() / w;
            let s = (1.0 - r).sqrt();
            return (
                2.0 * self.least_gain() / (s * (1.0 + s)),
                (1.0 - 2.0 * FRAC_2_PI * self.delta / w) / (s * s * s),
            );
        }
        let z = 1.0 / (w * w);
        let share = self.delta * FRAC_1_PI;
        let (r, s, fall) = if z <= 0.5 {
            let ([theta], [gap]) = match z {
                z if z <= 1.5e-8 => angle_and_gap::<3, 0, 1>([z]),
                z if z <= 2.4e-4 => angle_and_gap::<5, 0, 1>([z]),
                z if z <= 1.5e-2 => angle_and_gap::<9, 0, 1>([z]),
                z => angle_and_gap::<18, 1, 1>([z]),
            };
            let r = share * gap * (w * w);
            (r, (1.0 - r).sqrt(), 2.0 * share * theta)
        } else {
            let y = ((w - 1.0) * (w + 1.0) * z).max(0.0);
            let ([epsilon], [gap]) = angle_and_gap::<18, 1, 1>([y]);
            let r = (self.delta * (1.0 - 2.0 * y) + share * gap) * (w * w);
            let zeta = self.linear + (2.0 * self.delta - 1.0) * y - share * gap;
            (r, zeta.max(0.0).sqrt() * w, 2.0 * self.delta - 2.0 * share * epsilon)
        };
        (w * r / (s * (1.0 + s)), (1.0 - fall) / (s * s * s))
    }

    /// ω(w).
    pub fn at(&self, w: f64) -> f64 {
        w + self.step(w).0
    }

    /// k layers from w ≥ 1; k = 0 gains nothing.
    pub fn iterate(&self, w: f64, k: usize) -> Iterate {
        let mut found = Iterate { gain: 0.0, gain_low: 0.0, slope: 1.0 };
        for _ in 0..k {
            let (gain, slope) = self.step(w + found.gain);
            (found.gain, found.gain_low) = two_sum(found.gain, gain + found.gain_low);
            found.slope *= slope;
        }
        found
    }
}
