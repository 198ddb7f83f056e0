//! Two words → two standard normal deviates (Box–Muller) by our own polynomials, in f32 without fused multiply-add.
//!
//! ```text
//! u = f32((w₀ div 2) | 1) · 2⁻³¹ ∈ (0, 1]        r = √(−2 ln u) ≤ 6.56
//! θ = 2π·w₁/2³²                                   z₀ = r cos θ,  z₁ = r sin θ
//! ```
//!
//! The lattice of u is the midpoints of 2³⁰ cells, rounded to f32 (nearest, ties to even), so small u, the tail,
//! keeps all its bits and u is never 0. θ is split into a quadrant and a remainder of 24 bits in ±π/4, an odd
//! multiple of 2⁻²⁵·π/2, so the lattice is symmetric and the mean is 0. Every operation below is an IEEE operation
//! in a fixed order: the deviates are the same bits on every CPU and at every vector width. The device built-ins
//! would not be (WGSL allows an error of 2⁻¹¹ in sin and cos), hence the polynomials.
//!
//! Polynomials: S. Moshier, Cephes (`logf`, `sinf`, `cosf`); their error, under 2 ulp, is measured in the tests.

/// Lanes of one draw: wide enough for the widest registers in use.
pub const LANES: usize = 16;

/// One value for each lane.
pub type Lanes = [f32; LANES];

/// ln 2 to the bits that products with a small integer leave exact.
pub const LN2_HIGH: f32 = 0.693_359_4;
/// What is left of ln 2.
pub const LN2_LOW: f32 = -2.121_944_4e-4;
/// ln(1+f) = f − f²/2 + f³·P(f) on √½ ≤ 1+f < √2, highest power first.
pub const LOG: [f32; 9] = [
    7.037_683_6e-2,
    -1.151_461e-1,
    1.167_699_9e-1,
    -1.242_014_1e-1,
    1.424_932_3e-1,
    -1.666_805_8e-1,
    2.000_071_5e-1,
    -2.499_999_4e-1,
    3.333_333e-1,
];
/// sin x = x + x³·P(x²) on |x| ≤ π/4, highest power first.
pub const SIN: [f32; 3] = [-1.951_529_6e-4, 8.332_161e-3, -1.666_665_5e-1];
/// cos x = 1 − x²/2 + x⁴·P(x²) on |x| ≤ π/4, highest power first.
pub const COS: [f32; 3] = [2.443_315_7e-5, -1.388_731_6e-3, 4.166_664_6e-2];
/// Radians per step of the 25-bit remainder: π/2·2⁻²⁵.
pub const ANGLE_STEP: f32 = std::f32::consts::FRAC_PI_2 / 33_554_432.0;
/// Bits of √½, the lower end of the range of 1+f.
pub const SQRT_HALF_BITS: u32 = 0x3f35_04f3;

/// The pair of deviates of each lane.
#[inline(always)]
pub fn pair<const L: usize>(w0: [u32; L], w1: [u32; L]) -> ([f32; L], [f32; L]) {
    let [[z0], [z1]] = pairs([[w0], [w1]]);
    (z0, z1)
}

/// The two deviates of each lane of each of `P` pairs of words, as [`pair`] gives them.
///
/// In stages of one short chain of operations each, so that many lanes are in flight at a time: at one go the latency
/// of the longest chain, the logarithm, decides.
#[inline(always)]
pub fn pairs<const P: usize, const L: usize>([w0, w1]: [[[u32; L]; P]; 2]) -> [[[f32; L]; P]; 2] {
    let (mut f, mut e, mut r) = ([[0.0; L]; P], [[0.0; L]; P], [[0.0; L]; P]);
    {
        let (words, r) = (w0.as_flattened(), r.as_flattened_mut());
        let (f, e) = (f.as_flattened_mut(), e.as_flattened_mut());
        for l in 0..P * L {
            (f[l], e[l]) = mantissa(words[l]);
        }
        for l in 0..P * L {
            r[l] = log_polynomial(f[l]);
        }
        for l in 0..P * L {
            r[l] = radius(f[l], e[l], r[l]);
        }
    }
    let mut z = [[[0.0; L]; P]; 2];
    for p in 0..P {
        for l in 0..L {
            let (sin, cos) = sin_cos(w1[p][l]);
            z[0][p][l] = r[p][l] * cos;
            z[1][p][l] = r[p][l] * sin;
        }
    }
    z
}

/// f and e of u = (1+f)·2^e with √½ ≤ 1+f < √2.
#[inline(always)]
fn mantissa(word: u32) -> (f32, f32) {
    let v = ((word >> 1) | 1) as i32 as f32;
    let bits = v.to_bits();
    let e = (bits.wrapping_sub(SQRT_HALF_BITS) as i32) >> 23;
    let f = f32::from_bits(bits.wrapping_sub((e as u32) << 23)) - 1.0;
    (f, (e - 31) as f32)
}

/// P(f) of [`LOG`].
#[inline(always)]
fn log_polynomial(f: f32) -> f32 {
    let mut p = LOG[0];
    for c in &LOG[1..] {
        p = p * f + c;
    }
    p
}

/// √(−2 ln u) from f, e and P(f).
#[inline(always)]
fn radius(f: f32, e: f32, p: f32) -> f32 {
    let ff = f * f;
    let ln = e * LN2_HIGH + (f + (f * ff * p + (e * LN2_LOW - 0.5 * ff)));
    // u = 1 gives ln = 0; the rounding of the polynomial must not leave it above.
    (-2.0 * ln).max(0.0).sqrt()
}

/// (sin, cos) of 2π·word/2³².
#[inline(always)]
fn sin_cos(word: u32) -> (f32, f32) {
    let quadrant = word.wrapping_add(1 << 29) >> 30;
    let remainder = (((word << 2) as i32) >> 7) | 1;
    let x = remainder as f32 * ANGLE_STEP;
    let xx = x * x;
    let sin = x + x * xx * ((SIN[0] * xx + SIN[1]) * xx + SIN[2]);
    let cos = 1.0 - 0.5 * xx + xx * xx * ((COS[0] * xx + COS[1]) * xx + COS[2]);
    let odd = quadrant & 1 == 1;
    let (s, c) = if odd { (cos, sin) } else { (sin, cos) };
    // Quadrants 2 and 3 turn the sign of sin, 1 and 2 that of cos.
    let s = f32::from_bits(s.to_bits() ^ (quadrant & 2) << 30);
    let c = f32::from_bits(c.to_bits() ^ (quadrant.wrapping_add(1) & 2) << 30);
    (s, c)
}
