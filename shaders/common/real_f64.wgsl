// Arithmetic of the small matrices in f64, where the adapter has it (SHADER_F64).
//
// The other form is common/real_pair.wgsl; matrices lie in memory as common/stored_f64.wgsl leaves them. No bindings, no
// barriers.
// Twin: math::root

alias Real = f64;

/// `zero` is of no use here.
fn real_begin(zero: u32) {}

fn real(x: f32) -> Real {
    return f64(x);
}

/// ‖A‖² of a point below which entries of A leave the range of f32 (`VANISHING` of src/backend/small.rs).
fn real_least() -> Real {
    return f64(1e-30f) * f64(1e-30f);
}

/// Rounded to f32.
fn real_round(a: Real) -> f32 {
    return f32(a);
}

fn real_add(a: Real, b: Real) -> Real {
    return a + b;
}

fn real_sub(a: Real, b: Real) -> Real {
    return a - b;
}

fn real_mul(a: Real, b: Real) -> Real {
    return a * b;
}

fn real_div(a: Real, b: Real) -> Real {
    return a / b;
}

/// √a, a ≥ 0.
fn real_sqrt(a: Real) -> Real {
    return sqrt(a);
}

fn real_abs(a: Real) -> Real {
    return abs(a);
}

/// a > b.
fn real_above(a: Real, b: Real) -> bool {
    return a > b;
}
