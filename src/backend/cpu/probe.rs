//! What this machine can do at best, for the fractions that `eoc bench` prints: deviates, a large product, a large
//! copy.

use std::time::Instant;

use pulp::Simd;
use rayon::prelude::*;

use super::dispatch::{self, Pass};
use super::layer::CHUNK_VECTORS;
use super::real::LANES;
use super::{CpuEngine, draw};
use crate::rng::{Role, Tensor};

/// Rates of all workers together; each the best of several rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peaks {
    /// Normal deviates a second, drawn into the first cache.
    pub normals: f64,
    /// f32 operations a second of a large matrix product, one on each worker.
    pub operations: f64,
    /// Bytes a second moved (read and written) by a copy far larger than the caches.
    pub copy: f64,
}

/// Fills the panel of a chunk, 16 points, many times.
struct Draws {
    rounds: u64,
}

impl Pass for Draws {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> f32 {
        let tensor = Tensor::new(0, Role::Forward, 1);
        let mut out = vec![[0f32; LANES]; POINTS * CHUNK_VECTORS];
        for round in 0..self.rounds {
            draw::panel(&tensor, round << 7, u64::MAX, 0, POINTS, &mut out);
        }
        out[0][0]
    }
}

const POINTS: usize = 16;
const ROUNDS: usize = 5;

impl CpuEngine {
    /// Measures the peaks, about a second.
    pub fn peaks(&self) -> Peaks {
        let threads = self.threads.count();
        let best = |work: f64, task: &(dyn Fn(usize) + Sync)| {
            let rate = |_| {
                let start = Instant::now();
                self.threads.install(|| (0..threads).into_par_iter().for_each(task));
                work * threads as f64 / start.elapsed().as_secs_f64()
            };
            (0..ROUNDS).map(rate).fold(0.0, f64::max)
        };
        let rounds = 10_000;
        let count = rounds as f64 * (POINTS * CHUNK_VECTORS * LANES) as f64;
        let normals = best(count, &|_| {
            std::hint::black_box(dispatch::run(self.arch, Draws { rounds }));
        });
        let size = 768;
        let a = faer::Mat::<f32>::from_fn(size, size, |i, j| ((i * 7 + j * 3) % 11) as f32);
        let operations = best(2.0 * (size as f64).powi(3), &|_| {
            let mut out = faer::Mat::<f32>::zeros(size, size);
            let product = faer::linalg::matmul::matmul;
            product(out.as_mut(), faer::Accum::Replace, a.as_ref(), a.as_ref(), 1.0, faer::Par::Seq);
            std::hint::black_box(out);
        });
        let bytes = 64 << 20;
        let buffers: Vec<_> =
            (0..threads).map(|_| (vec![1u8; bytes], std::sync::Mutex::new(vec![0u8; bytes]))).collect();
        let copy = best(2.0 * bytes as f64, &|worker| {
            let (from, to) = &buffers[worker];
            if let Ok(mut to) = to.lock() {
                to.copy_from_slice(from);
                std::hint::black_box(&*to);
            }
        });
        Peaks { normals, operations, copy }
    }
}
