// Panels in f16: deviates are rounded before they enter a product, results before they are kept.
//
//   Panel   one entry of a panel in memory        rounded   deviates as they enter a product        panel   a result as it is kept
//
// WGSL leaves it to the device whether f16(x) rounds to nearest or towards zero, which would bias every sum, and drivers take
// f32(f16(x)) for x (seen on lavapipe). So x is rounded to the 11 bits of an f16 here, to nearest and even, and the
// conversion is exact. Below 2⁻¹⁴, the least normal f16, it rounds as the device does, by 2⁻²⁴ at most or, where it flushes, by
// 2⁻¹⁴.
//
// The other form is common/panel_f32.wgsl. Needs `enable f16`. No bindings, no barriers.
// Twin: backend::gpu::storage::Element::encode

alias Panel = f16;

/// Deviates are finite and far below 65504.
fn rounded(deviates: vec4<f32>) -> vec4<f32> {
    let bits = bitcast<vec4<u32>>(deviates);
    return bitcast<vec4<f32>>((bits + 0xfffu + ((bits >> vec4<u32>(13u)) & vec4<u32>(1u))) & vec4<u32>(0xffffe000u));
}

/// Any number: what rounds to 2¹⁶ or more becomes infinite, never the largest f16; what is no number stays none.
fn panel(x: f32) -> Panel {
    let bits = bitcast<u32>(x);
    let size = bits & 0x7fffffffu;
    var kept = (bits + 0xfffu + ((bits >> 13u) & 1u)) & 0xffffe000u;
    kept = select(kept, (bits & 0x80000000u) | 0x7f800000u, size >= 0x477ff000u);
    kept = select(kept, 0x7fc00000u, size > 0x7f800000u);
    return f16(bitcast<f32>(kept));
}
