//! Words bit for bit and deviates to a stated bound, on the adapter.

use crate::backend::gpu::device::Options;
use crate::backend::gpu::passes::probe::{Probe, run};
use crate::backend::gpu::passes::tests::device;
use crate::rng::{LAYOUT_VERSION, Role, Tensor};

/// Deviates of a device differ from those of the CPU by at most this many ulp of the radius (half of 2⁻²³ each for the
/// two roots and the two products, and the fused steps of the polynomials): the published bound.
const ULP: f64 = 6.0;

fn probe(seed: u64, role: Role, layer: usize, first: u32, group: u32, count: u32) -> Probe {
    Probe {
        key_low: seed as u32,
        key_high: (seed >> 32) as u32,
        tag: Tensor::tag(role, layer),
        first,
        group,
        count,
        rounds: 1,
        pad_0: 0,
    }
}

/// 10⁶ counters in several corners of the layout, by both ways to multiply.
#[test]
fn words_agree_bit_for_bit_and_deviates_to_the_bound() {
    let mut worst = 0f64;
    let mut total = 0.0;
    for int64 in [true, false] {
        let Some(device) = device(&Options { int64, checked: true, ..Options::default() }) else { return };
        for (seed, role, layer, first, group, count) in [
            (0, Role::Weight, 1, 0, 0, 400_000),
            (1 << 62 | 12345, Role::Forward, (1 << 24) - 1, u32::MAX - 50_000, u32::MAX, 50_000),
            (77, Role::Backward, 50, 1 << 31, 1 << 20, 50_000),
        ] {
            let (words, normals) = run(&device, probe(seed, role, layer, first, group, count)).unwrap();
            let tensor = Tensor::new(seed, role, layer);
            for (i, (w, z)) in words.iter().zip(&normals).enumerate() {
                let row = [first.wrapping_add(i as u32)];
                assert_eq!(
                    *w,
                    tensor.words(row, [group]).map(|w| w[0]),
                    "{seed} {role:?} {layer} row {row:?}"
                );
                let expected = tensor.normals(row, [group]).map(|z| f64::from(z[0]));
                for pair in [0, 2] {
                    let radius = expected[pair].hypot(expected[pair + 1]).max(1e-30);
                    for k in pair..pair + 2 {
                        let error =
                            (f64::from(z[k]) - expected[k]).abs() / (radius * f64::from(f32::EPSILON));
                        worst = worst.max(error);
                        total += error;
                    }
                }
            }
        }
    }
    println!("deviates: worst {worst:.2} ulp of the radius, mean {:.3}", total / 4e6);
    assert!(worst <= ULP, "{worst} ulp");
    assert_eq!(LAYOUT_VERSION, 1);
}
