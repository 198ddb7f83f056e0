//! The two passes of the conditional sampler over one block of neurons of a hidden layer.
//!
//! ```text
//! forward   G, H drawn;  Z = G·S;  A = φ(Z)/(σ√m)            sums C += A Aᵀ,  E += A H,  N += A W_lᵀ (last layer)
//! backward  U = Aᵀ T + H S_B  (last layer: W_lᵀ);  B = D∘U     sums B Bᵀ,  M += Gᵀ Bᵀ;  for K_gia B' = D∘(H S'_B), B' B'ᵀ
//! ```
//!
//! A block is a fixed number of chunks; its sums are added to those of the other blocks in block order, so threads
//! do not move a bit. Panels of a chunk are stored [row][vector of neurons]. When panels are not kept they are drawn
//! again: the same operations on the same deviates give the same bits.

use pulp::Simd;

use super::dispatch::Pass;
use super::draw;
use super::product::{gram, project, widen};
use super::real::{LANES, Real, Vector};
use super::room::Room;
use crate::backend::Stop;
use crate::rng::Tensor;

/// Vectors of a chunk: 128 neurons, whose panels at 16 points fit the first cache.
pub const CHUNK_VECTORS: usize = 8;
/// Neurons of a chunk.
pub const CHUNK: usize = CHUNK_VECTORS * LANES;
/// Neurons of a block, the unit of parallel work and of summation.
pub const BLOCK: usize = 16 * CHUNK;

/// Blocks or chunks whose sums are held at a time, 64 or what fits 128 MiB: the sums of a billion neurons' blocks need
/// not be held together. Sums are added in block order whatever the wave.
pub fn wave(n: usize, q: usize) -> usize {
    ((128 << 20) / (8 * (n * n + n * q + q * q))).clamp(1, 64)
}

/// What is fixed for one layer of one seed.
#[derive(Clone, Copy)]
pub struct Layer<T> {
    /// m_k.
    pub width: u64,
    /// n.
    pub n: usize,
    /// q = n·m_l.
    pub q: usize,
    /// m_l.
    pub outputs: usize,
    /// (a − b)/(σ√m), slope below zero.
    pub below: T,
    /// a/(σ√m), the convention at zero.
    pub at_zero: T,
    /// (a + b)/(σ√m), slope above zero.
    pub above: T,
}

impl<T: Real> Layer<T> {
    /// φ(z)/(σ√m).
    #[inline(always)]
    pub fn activate(&self, z: &[Vector<T>], out: &mut [Vector<T>]) {
        let (below, above) = (self.below, self.above);
        // One long loop: of a short one for each vector the compiler makes scalar code, or gathers and scatters.
        for (out, z) in out.as_flattened_mut().iter_mut().zip(z.as_flattened()) {
            *out = *z * if *z > T::ZERO { above } else { below };
        }
    }

    /// u ← u·φ′(z)/(σ√m).
    #[inline(always)]
    pub fn differentiate(&self, z: &[Vector<T>], u: &mut [Vector<T>]) {
        let slopes = [self.below, self.at_zero, self.above];
        for (u, z) in u.as_flattened_mut().iter_mut().zip(z.as_flattened()) {
            let slope = if *z > T::ZERO {
                slopes[2]
            } else if *z < T::ZERO {
                slopes[0]
            } else {
                slopes[1]
            };
            *u = *u * slope;
        }
    }

    /// The same of a panel of `v` vectors a row: the rows of u are those of z, one for each output.
    #[inline(always)]
    pub fn differentiate_panel(&self, z: &[Vector<T>], u: &mut [Vector<T>], v: usize) {
        for (z, u) in z.chunks_exact(v).zip(u.chunks_exact_mut(self.outputs * v)) {
            for u in u.chunks_exact_mut(v) {
                self.differentiate(z, u);
            }
        }
    }

    /// Chunks of this layer.
    pub fn chunks(&self) -> usize {
        (self.width as usize).div_ceil(CHUNK)
    }

    /// Blocks of this layer.
    pub fn blocks(&self) -> usize {
        (self.width as usize).div_ceil(BLOCK)
    }

    /// First neuron and vectors of each chunk of a block.
    pub fn chunks_of(&self, block: usize) -> impl Iterator<Item = (u64, usize)> + use<T> {
        let (start, width) = (block as u64 * BLOCK as u64, self.width);
        let end = (start + BLOCK as u64).min(width);
        (start..end)
            .step_by(CHUNK)
            .map(move |first| (first, ((end - first).min(CHUNK as u64) as usize).div_ceil(LANES)))
    }
}

/// Where the deviates of a layer come from.
#[derive(Clone, Copy)]
pub struct Streams {
    /// G_k.
    pub forward: Tensor,
    /// H_k.
    pub backward: Tensor,
    /// W_l, for the last hidden layer.
    pub last: Tensor,
}

/// G, Z and H of the chunks of a block, chunk after chunk; `h` is empty in the last hidden layer.
#[derive(Default)]
pub struct Panels<T> {
    /// Deviates of the forward pass, n rows.
    pub g: Vec<Vector<T>>,
    /// Preactivations, n rows.
    pub z: Vec<Vector<T>>,
    /// Deviates of the backward pass, q rows.
    pub h: Vec<Vector<T>>,
}

/// The forward pass over a block.
pub struct Forward<'a, T> {
    /// The layer.
    pub layer: Layer<T>,
    /// Its deviates.
    pub streams: Streams,
    /// S of the layer below, n × n row-major.
    pub root: &'a [T],
    /// The last hidden layer sees W_l and needs no H.
    pub last: bool,
    /// The block.
    pub block: usize,
    /// Filled for the backward pass, if panels are kept.
    pub keep: Option<&'a mut Panels<T>>,
    /// Of its sums.
    pub room: &'a Room,
    /// Looked at between chunks; once it is raised the sums are not complete.
    pub stop: &'a Stop,
}

/// Sums of a forward pass over neurons.
pub struct ForwardSums {
    /// C = A Aᵀ, n × n, lower triangle.
    pub gram: Vec<f64>,
    /// E = A H, n × q; in the last hidden layer N = A W_lᵀ, n × m_l.
    pub cross: Vec<f64>,
}

impl<T: Real> Pass for Forward<'_, T> {
    type Output = ForwardSums;

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> ForwardSums {
        let Layer { n, q, outputs, width, .. } = self.layer;
        let across = if self.last { outputs } else { q };
        let room = self.room;
        let mut sums = ForwardSums { gram: room.zeros(n * n), cross: room.zeros(n * across) };
        let zero = [T::ZERO; LANES];
        let (mut g, mut z) = (vec![zero; n * CHUNK_VECTORS], vec![zero; n * CHUNK_VECTORS]);
        let (mut a, mut h) = (vec![zero; n * CHUNK_VECTORS], vec![zero; across * CHUNK_VECTORS]);
        let (mut a_wide, mut h_wide) = (room.any(n * CHUNK), room.any(across * CHUNK));
        for (first, v) in self.layer.chunks_of(self.block) {
            if self.stop.is_raised() {
                break;
            }
            let (g, z, a, h) = (&mut g[..n * v], &mut z[..n * v], &mut a[..n * v], &mut h[..across * v]);
            let rows = v * LANES;
            draw::panel(&self.streams.forward, first, width, 0, n, g);
            project::<T, S, false>(self.root, n, g, z, v);
            self.layer.activate(z, a);
            widen(a, &mut a_wide);
            gram::<S, true>(simd, &a_wide, n, &a_wide, n, rows, &mut sums.gram);
            if self.last {
                output_weights(&self.streams.last, outputs, first, width, h, v);
            } else {
                draw::panel(&self.streams.backward, first, width, 0, q, h);
            }
            widen(h, &mut h_wide);
            gram::<S, false>(simd, &a_wide, n, &h_wide, across, rows, &mut sums.cross);
            if let Some(keep) = self.keep.as_deref_mut() {
                keep.g.extend_from_slice(g);
                keep.z.extend_from_slice(z);
                if !self.last {
                    keep.h.extend_from_slice(h);
                }
            }
        }
        room.give(a_wide);
        room.give(h_wide);
        sums
    }
}

/// W_l over a chunk, [output][vector of neurons].
#[inline(always)]
pub fn output_weights<T: Real>(
    tensor: &Tensor,
    outputs: usize,
    first: u64,
    width: u64,
    out: &mut [Vector<T>],
    v: usize,
) {
    for (o, row) in out.chunks_exact_mut(v).enumerate().take(outputs) {
        draw::row(tensor, o as u32, first, width, row);
    }
}

/// The backward pass over a block.
pub struct Backward<'a, T> {
    /// The layer.
    pub layer: Layer<T>,
    /// Its deviates.
    pub streams: Streams,
    /// S of the layer below, to make Z again where it was not kept.
    pub root: &'a [T],
    /// T (n × q) and S_B (q × q), row-major; none in the last hidden layer.
    pub coupling: Option<(&'a [T], &'a [T])>,
    /// S'_B, where K_gia is asked for and this is not the last hidden layer.
    pub independent: Option<&'a [T]>,
    /// The layer below needs M.
    pub with_cross: bool,
    /// The block.
    pub block: usize,
    /// Panels of the forward pass, if they were kept.
    pub kept: Option<&'a Panels<T>>,
    /// Of its sums.
    pub room: &'a Room,
    /// Looked at between chunks; once it is raised the sums are not complete.
    pub stop: &'a Stop,
}

/// Sums of a backward pass over neurons.
pub struct BackwardSums {
    /// B Bᵀ, q × q, lower triangle.
    pub gram: Vec<f64>,
    /// M = Gᵀ Bᵀ, n × q; empty where it was not asked for.
    pub cross: Vec<f64>,
    /// B' B'ᵀ, q × q, lower triangle; empty where it was not asked for.
    pub independent: Vec<f64>,
}

impl<T: Real> Pass for Backward<'_, T> {
    type Output = BackwardSums;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> BackwardSums {
        let Layer { n, q, outputs, width, .. } = self.layer;
        let cross = if self.with_cross { n * q } else { 0 };
        let other = self.independent.map_or(0, |_| q * q);
        let room = self.room;
        let mut sums = BackwardSums {
            gram: room.zeros(q * q),
            cross: room.zeros(cross),
            independent: room.zeros(other),
        };
        let zero = [T::ZERO; LANES];
        let mut scratch = Panels {
            g: vec![zero; n * CHUNK_VECTORS],
            z: vec![zero; n * CHUNK_VECTORS],
            h: vec![zero; q * CHUNK_VECTORS],
        };
        let (mut a, mut u) = (vec![zero; n * CHUNK_VECTORS], vec![zero; q * CHUNK_VECTORS]);
        let (mut b_wide, mut g_wide) = (room.any(q * CHUNK), room.any(n * CHUNK));
        let mut start = 0;
        for (first, v) in self.layer.chunks_of(self.block) {
            if self.stop.is_raised() {
                break;
            }
            let rows = v * LANES;
            let (a, u) = (&mut a[..n * v], &mut u[..q * v]);
            let (g, z, h): (&[_], &[_], &[_]) = match self.kept {
                Some(kept) => {
                    let at = |rows: usize| start * rows..(start + v) * rows;
                    let h = if self.coupling.is_some() { &kept.h[at(q)] } else { &[][..] };
                    (&kept.g[at(n)], &kept.z[at(n)], h)
                }
                None => {
                    let Panels { g, z, h } = &mut scratch;
                    let (g, z, h) = (&mut g[..n * v], &mut z[..n * v], &mut h[..q * v]);
                    draw::panel(&self.streams.forward, first, width, 0, n, g);
                    project::<T, S, false>(self.root, n, g, z, v);
                    if self.coupling.is_some() {
                        draw::panel(&self.streams.backward, first, width, 0, q, h);
                    }
                    (g, z, h)
                }
            };
            start += v;
            match self.coupling {
                Some((t, s_b)) => {
                    self.layer.activate(z, a);
                    project::<T, S, false>(t, q, a, u, v);
                    project::<T, S, true>(s_b, q, h, u, v);
                }
                None => {
                    output_weights(&self.streams.last, outputs, first, width, u, v);
                    let (top, rest) = u.split_at_mut(outputs * v);
                    for point in rest.chunks_exact_mut(outputs * v) {
                        point.copy_from_slice(top);
                    }
                }
            }
            self.layer.differentiate_panel(z, u, v);
            widen(u, &mut b_wide);
            gram::<S, true>(simd, &b_wide, q, &b_wide, q, rows, &mut sums.gram);
            if self.with_cross {
                widen(g, &mut g_wide);
                gram::<S, false>(simd, &g_wide, n, &b_wide, q, rows, &mut sums.cross);
            }
            if let Some(s_b) = self.independent {
                project::<T, S, false>(s_b, q, h, u, v);
                self.layer.differentiate_panel(z, u, v);
                widen(u, &mut b_wide);
                gram::<S, true>(simd, &b_wide, q, &b_wide, q, rows, &mut sums.independent);
            }
        }
        room.give(b_wide);
        room.give(g_wide);
        sums
    }
}
