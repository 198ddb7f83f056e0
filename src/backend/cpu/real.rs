//! The two element types of a panel, and the one place that decides whether products are fused.

use std::ops::{Add, Mul};

use pulp::Simd;

/// Lanes of one panel element: sixteen neurons side by side.
pub const LANES: usize = crate::rng::LANES;

/// Sixteen neurons of one row of a panel.
pub type Vector<T> = [T; LANES];

/// f32 or f64.
pub trait Real:
    Copy + Send + Sync + PartialOrd + Default + Add<Output = Self> + Mul<Output = Self> + 'static
{
    /// 0.
    const ZERO: Self;
    /// Squares of rounding errors: what an eigenvalue of a Gram matrix of such values, summed in f64, is good for
    /// relative to the largest one. See `math::root`.
    const GRAM_NOISE: f64;
    /// The nearest value.
    fn from_f64(x: f64) -> Self;
    /// Exact: every deviate is an f32 value.
    fn from_f32(x: f32) -> Self;
    /// Exact.
    fn to_f64(self) -> f64;
    /// self·b + c; fused where `S` has the instruction. Without it a fused product would be a library call.
    fn mul_add<S: Simd>(self, b: Self, c: Self) -> Self;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    // Rows of a panel that differ by the rounding of f32 differ by ε² in the Gram matrix.
    const GRAM_NOISE: f64 = (f32::EPSILON as f64) * (f32::EPSILON as f64);

    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x as f32
    }

    #[inline(always)]
    fn from_f32(x: f32) -> Self {
        x
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn mul_add<S: Simd>(self, b: Self, c: Self) -> Self {
        if S::IS_SCALAR { self * b + c } else { f32::mul_add(self, b, c) }
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    // The sums themselves round at ε of f64, far above ε².
    const GRAM_NOISE: f64 = f64::EPSILON;

    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn from_f32(x: f32) -> Self {
        f64::from(x)
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn mul_add<S: Simd>(self, b: Self, c: Self) -> Self {
        if S::IS_SCALAR { self * b + c } else { f64::mul_add(self, b, c) }
    }
}
