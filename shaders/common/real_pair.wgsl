// Arithmetic of the small matrices in pairs of floats (high, low), |low| ≤ ulp(high)/2, where the adapter has no f64.
//
//   sum       Knuth: s + error = a + b                    product   Dekker: 12-bit halves, p + error = a·b
//   quotient  three digits of long division               root      one Newton step in pairs from the f32 root
//
// Each is right to about 2⁻⁴⁵ of its result where that lies between 1e−25 and 1e30; outside, the low half is lost to
// underflow. A compiler may reassociate, which would turn the errors into 0: every intermediate passes through an
// exclusive or with a word that is always 0 and that no compiler can know (as in common/sum_pair.wgsl).
//
// No bindings, no barriers.
// Twin: common/real_f64.wgsl

alias Real = vec2<f32>;

var<private> real_zero: u32;

/// `zero` is 0.
fn real_begin(zero: u32) {
    real_zero = zero;
}

/// The same number, opaque to algebra.
fn sealed(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ real_zero);
}

/// a + b as a pair.
fn exact_sum(a: f32, b: f32) -> Real {
    let s = sealed(a + b);
    let t = sealed(s - a);
    let u = sealed(s - t);
    return Real(s, sealed(sealed(a - u) + sealed(b - t)));
}

/// a + b as a pair, |a| ≥ |b|.
fn ordered_sum(a: f32, b: f32) -> Real {
    let s = sealed(a + b);
    return Real(s, sealed(b - sealed(s - a)));
}

/// The upper 12 bits of a.
fn upper_half(a: f32) -> f32 {
    let t = sealed(4097.0 * a);
    return sealed(t - sealed(t - a));
}

/// a·b as a pair.
fn exact_product(a: f32, b: f32) -> Real {
    let p = sealed(a * b);
    let a_high = upper_half(a);
    let a_low = sealed(a - a_high);
    let b_high = upper_half(b);
    let b_low = sealed(b - b_high);
    let e = sealed(sealed(a_high * b_high) - p);
    let f = sealed(e + sealed(a_high * b_low));
    let g = sealed(f + sealed(a_low * b_high));
    return Real(p, sealed(g + sealed(a_low * b_low)));
}

fn real(x: f32) -> Real {
    return Real(x, 0.0);
}

/// ‖A‖² of a point below which pairs lose their low half.
fn real_least() -> Real {
    return real(1e-24);
}

/// Rounded to f32.
fn real_round(a: Real) -> f32 {
    return a.x;
}

fn real_add(a: Real, b: Real) -> Real {
    let high = exact_sum(a.x, b.x);
    let low = exact_sum(a.y, b.y);
    let first = ordered_sum(high.x, sealed(high.y + low.x));
    return ordered_sum(first.x, sealed(first.y + low.y));
}

fn real_sub(a: Real, b: Real) -> Real {
    return real_add(a, -b);
}

fn real_mul(a: Real, b: Real) -> Real {
    let p = exact_product(a.x, b.x);
    return ordered_sum(p.x, sealed(p.y + sealed(sealed(a.x * b.y) + sealed(a.y * b.x))));
}

fn real_div(a: Real, b: Real) -> Real {
    let first = sealed(a.x / b.x);
    let rest = real_sub(a, real_mul(real(first), b));
    let second = sealed(rest.x / b.x);
    let last = real_sub(rest, real_mul(real(second), b));
    let sum = ordered_sum(first, second);
    return real_add(sum, real(sealed(last.x / b.x)));
}

/// √a, a ≥ 0.
fn real_sqrt(a: Real) -> Real {
    if a.x <= 0.0 {
        return Real(0.0, 0.0);
    }
    let root = sealed(sqrt(a.x));
    let rest = real_sub(a, exact_product(root, root));
    return ordered_sum(root, sealed(rest.x / (2.0 * root)));
}

fn real_abs(a: Real) -> Real {
    if a.x < 0.0 {
        return -a;
    }
    return a;
}

/// a > b.
fn real_above(a: Real, b: Real) -> bool {
    return a.x > b.x || (a.x == b.x && a.y > b.y);
}
