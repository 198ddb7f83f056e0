// φ(s) = a·s + b·|s| and its derivative, with the factor 1/(σ√m) of the layer in the slopes.
//
//   slopes = (a−b, a, a+b, ·)/(σ√m): below zero, at zero, above
//
// No bindings, no barriers.
// Twin: backend::cpu::layer::Layer::activate, backend::cpu::layer::Layer::differentiate

/// φ(z)/(σ√m).
fn activate(z: f32, slopes: vec4<f32>) -> f32 {
    return z * select(slopes.x, slopes.z, z > 0.0);
}

/// φ′(z)/(σ√m).
fn derivative(z: f32, slopes: vec4<f32>) -> f32 {
    return select(select(slopes.y, slopes.x, z < 0.0), slopes.z, z > 0.0);
}
