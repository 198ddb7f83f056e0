// Two words → two standard normal deviates (Box–Muller) by polynomials: the built-in functions of WGSL differ between
// drivers by up to 2⁻¹¹.
//
//   u = f32((w₀ div 2) | 1)·2⁻³¹,  r = √(−2 ln u),  θ = 2π·w₁/2³²;   z₀ = r cos θ,  z₁ = r sin θ
//
// The twin says where the polynomials come from. Words agree bit for bit; deviates to some ulp of the radius, since WGSL may
// fuse products and round √ otherwise (measured in src/backend/gpu/tests/streams.rs).
// Needs common/philox.wgsl. No bindings, no barriers.
// Twin: rng::normal::pair

const LN2_HIGH: f32 = 0.6933594;
const LN2_LOW: f32 = -2.1219444e-4;
const LOG: array<f32, 9> = array<f32, 9>(
    7.0376836e-2, -1.151461e-1, 1.1676999e-1, -1.2420141e-1, 1.4249323e-1, -1.6668058e-1, 2.0000715e-1, -2.4999994e-1,
    3.333333e-1,
);
const SIN: array<f32, 3> = array<f32, 3>(-1.9515296e-4, 8.332161e-3, -1.6666655e-1);
const COS: array<f32, 3> = array<f32, 3>(2.4433157e-5, -1.3887316e-3, 4.1666646e-2);
const ANGLE_STEP: f32 = 0x1.921fb6p-25;
const SQRT_HALF_BITS: u32 = 0x3f3504f3u;

/// √(−2 ln u).
fn normal_radius(word: u32) -> f32 {
    let v = f32(i32((word >> 1u) | 1u));
    // v = (1+f)·2^e with √½ ≤ 1+f < √2.
    let bits = bitcast<u32>(v);
    let shift = bitcast<i32>(bits - SQRT_HALF_BITS) >> 23u;
    let f = bitcast<f32>(bits - (bitcast<u32>(shift) << 23u)) - 1.0;
    let e = f32(shift - 31);
    var p = LOG[0] * f + LOG[1];
    p = p * f + LOG[2];
    p = p * f + LOG[3];
    p = p * f + LOG[4];
    p = p * f + LOG[5];
    p = p * f + LOG[6];
    p = p * f + LOG[7];
    p = p * f + LOG[8];
    let ff = f * f;
    let ln = e * LN2_HIGH + (f + (f * ff * p + (e * LN2_LOW - 0.5 * ff)));
    // u = 1 gives ln = 0; the rounding of the polynomial must not leave it above.
    return sqrt(max(-2.0 * ln, 0.0));
}

/// (cos, sin) of 2π·word/2³².
fn normal_direction(word: u32) -> vec2<f32> {
    let quadrant = (word + (1u << 29u)) >> 30u;
    let remainder = (bitcast<i32>(word << 2u) >> 7u) | 1;
    let x = f32(remainder) * ANGLE_STEP;
    let xx = x * x;
    let sin = x + x * xx * ((SIN[0] * xx + SIN[1]) * xx + SIN[2]);
    let cos = 1.0 - 0.5 * xx + xx * xx * ((COS[0] * xx + COS[1]) * xx + COS[2]);
    let odd = (quadrant & 1u) == 1u;
    // Quadrants 2 and 3 turn the sign of sin, 1 and 2 that of cos.
    let c = bitcast<u32>(select(cos, sin, odd)) ^ (((quadrant + 1u) & 2u) << 30u);
    let s = bitcast<u32>(select(sin, cos, odd)) ^ ((quadrant & 2u) << 30u);
    return vec2<f32>(bitcast<f32>(c), bitcast<f32>(s));
}

/// Deviates of the columns 4·group … 4·group+3 of a row.
fn stream_normals(key: vec2<u32>, tag: u32, row: u32, group: u32) -> vec4<f32> {
    let w = stream_words(key, tag, row, group);
    return vec4<f32>(
        normal_radius(w.x) * normal_direction(w.y),
        normal_radius(w.z) * normal_direction(w.w),
    );
}
