//! Words and deviates are frozen: a change here is value-breaking.

use eoc_ntk::rng::{LANES, LAYOUT_VERSION, Role, Stream, Tensor, normal};
use rand::Rng;

/// The words against an independent Philox, and the place of each word in the layout.
#[test]
fn words_follow_the_layout() {
    let key = [0x1234_5678u32, 0x0abc_def0];
    for block in 0..1000u32 {
        let counter = [block, block.wrapping_mul(0x9e37_79b9), !block, 3];
        let ours = eoc_ntk::rng::philox::philox4x32(key, counter.map(|c| [c]));
        assert_eq!(ours.map(|w| w[0]), rand_philox::philox4x32_10(counter, key), "block {block}");
    }
    // (row, column div 4, layer + 2²⁴·role, version) under the two halves of the seed.
    let seed = 0x7654_3210_fedc_ba98u64;
    let words = Tensor::new(seed, Role::Backward, 5).words([77], [9]);
    let tag = 5 + (3 << 24);
    let expected =
        eoc_ntk::rng::philox::philox4x32([0xfedc_ba98, 0x7654_3210], [[77], [9], [tag], [LAYOUT_VERSION]]);
    assert_eq!(words, expected);
}

#[test]
fn deviates_are_frozen() {
    assert_eq!(LAYOUT_VERSION, 1);
    let bits: Vec<u32> = (0..6)
        .map(|column| Tensor::new(1, Role::Weight, 2).normal(3, column).to_bits())
        .chain([Tensor::new(1 << 62, Role::Forward, 100).normal(u32::MAX, u32::MAX).to_bits()])
        .collect();
    assert_eq!(bits, FROZEN, "value-breaking: raise LAYOUT_VERSION and write it into the changelog");
}

const FROZEN: [u32; 7] = [3222729245, 1068305623, 1050447637, 3213289264, 3205229257, 3197844132, 3221659214];

/// Every lane is the deviate of its own counter, so vector width and position cannot matter.
#[test]
fn lanes_agree_with_single_draws() {
    let tensor = Tensor::new(42, Role::Forward, 3);
    let rows: [u32; LANES] = std::array::from_fn(|l| 1000 + l as u32);
    for group in 0..8 {
        let z = tensor.normals(rows, [group; LANES]);
        for (w, z) in z.iter().enumerate() {
            for (l, z) in z.iter().enumerate() {
                assert_eq!(z.to_bits(), tensor.normal(rows[l], 4 * group + w as u32).to_bits());
            }
        }
    }
    assert_ne!(tensor.normal(0, 1), Tensor::new(42, Role::Forward, 4).normal(0, 1));
    assert_ne!(tensor.normal(0, 1), Tensor::new(43, Role::Forward, 3).normal(0, 1));
}

/// The polynomials against f64: relative error of the radius and absolute error of the angle's sine and cosine.
#[test]
fn transform_is_accurate_at_every_scale() {
    let mut worst = 0.0f64;
    let mut stream = Stream::new(5, Role::Data);
    let mut check = |w0: u32, w1: u32| {
        let (z0, z1) = normal::pair([w0], [w1]);
        // The lattice as documented: odd 31-bit integers rounded to f32, and 25-bit odd remainders of the angle.
        let u = f64::from(((w0 >> 1) | 1) as f32) / 2f64.powi(31);
        let quarter = f64::from(w1.wrapping_add(1 << 29) >> 30);
        let remainder = f64::from((((w1 << 2) as i32) >> 7) | 1) / 2f64.powi(25);
        let angle = (quarter + remainder) * std::f64::consts::FRAC_PI_2;
        let r = (-2.0 * u.ln()).max(0.0).sqrt();
        for (z, exact) in [(z0[0], r * angle.cos()), (z1[0], r * angle.sin())] {
            let error = (f64::from(z) - exact).abs() / (r * f64::from(f32::EPSILON)).max(1e-30);
            worst = worst.max(error);
        }
    };
    for w in [0, 1, 2, 3, 1 << 29, 1 << 30, 1 << 31, u32::MAX, u32::MAX - 1, 0xfffffe00, 0x7fffffff] {
        for v in [0, 1, 1 << 29, (1 << 29) - 1, 1 << 30, 3 << 30, u32::MAX] {
            check(w, v);
        }
    }
    (0..200_000).for_each(|_| check(stream.next_u32(), stream.next_u32()));
    assert!(worst < 2.5, "{worst} ulp of the radius");
    // u = 1 is the origin, and the smallest u the far tail.
    assert_eq!(normal::pair([u32::MAX], [0]).0[0], 0.0);
    let far = normal::pair([0], [0]).0[0];
    assert!((6.5..6.6).contains(&far), "{far}");
}

/// Moments of 4·10⁶ deviates within five standard errors (error rate 6e−7 each), and a wrong variance is seen.
#[test]
fn deviates_are_standard_normal() {
    let tensor = Tensor::new(2024, Role::Weight, 1);
    let count = 4_000_000.0;
    let mut sums = [0.0f64; 4];
    for row in 0..4000u32 {
        for group in 0..250 {
            for z in tensor.normals([row], [group]) {
                let z = f64::from(z[0]);
                for (k, sum) in sums.iter_mut().enumerate() {
                    *sum += z.powi(k as i32 + 1);
                }
            }
        }
    }
    for (sum, (mean, variance)) in sums.iter().zip([(0.0, 1.0), (1.0, 2.0), (0.0, 15.0), (3.0, 96.0)]) {
        let z = (sum / count - mean) / f64::sqrt(variance / count);
        assert!(z.abs() < 5.0, "moment {mean}: {z} standard errors");
    }
    let wrong = (sums[1] / count * 1.01 - 1.0) / f64::sqrt(2.0 / count);
    assert!(wrong.abs() > 5.0);
}
