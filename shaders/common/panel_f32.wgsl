// Panels in f32: what is kept of a number is the number.
//
//   Panel   one entry of a panel in memory        rounded   deviates as they enter a product        panel   a result as it is kept
//
// The other form is common/panel_f16.wgsl. No bindings, no barriers.
// Twin: backend::gpu::storage::Element::encode

alias Panel = f32;

fn rounded(deviates: vec4<f32>) -> vec4<f32> {
    return deviates;
}

fn panel(x: f32) -> Panel {
    return x;
}
