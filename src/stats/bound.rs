//! The constant in front of the concentration bound of arXiv 2501.14724, as measured.
//!
//! The theorem says P(‖K−K∞‖ ≤ C·(Δ⁻² + m_l^½·l)·κ²·m^−½) ≥ 1 − O(1/m), modulo logarithms, with matrices divided by
//! n and an unknown C. A quantile of the measured deviation over the rest of the right side is the C that this
//! quantile would need. It should neither grow with m nor with the depth if the bound has the right form.

use statrs::function::erf::erfc_inv;

/// `quantile` of ‖K/n − K∞/n‖ over the bound's right side (with C = 1); None where the bound is infinite (Δ = 0),
/// missing or not positive.
pub fn bound_constant(quantile: f64, bound: Option<f64>) -> Option<f64> {
    let constant = quantile / bound.filter(|b| b.is_finite() && *b > 0.0)?;
    constant.is_finite().then_some(constant)
}

/// What a normal deviate exceeds in magnitude once in m draws, over √log m: the shape that the theorem allows the
/// quantile at 1 − 1/m, times √m. It grows slowly to √2. None of m ≤ 1.
///
/// ```
/// use eoc_ntk::stats::normal_tail;
/// // P(|Z| > 1.959 964) = 1/20.
/// assert!((normal_tail(20.0).unwrap() * 20f64.ln().sqrt() - 1.959_964).abs() < 1e-6);
/// assert_eq!(normal_tail(1.0), None);
/// ```
pub fn normal_tail(m: f64) -> Option<f64> {
    let z = std::f64::consts::SQRT_2 * erfc_inv(1.0 / m);
    (m > 1.0 && z.is_finite()).then(|| z / m.ln().sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constant_is_a_ratio_where_there_is_a_bound() {
        assert_eq!(bound_constant(0.5, Some(2.0)), Some(0.25));
        for bound in [None, Some(f64::INFINITY), Some(0.0)] {
            assert_eq!(bound_constant(0.5, bound), None);
        }
        assert_eq!(bound_constant(f64::NAN, Some(1.0)), None);
    }
}
