//! The small matrices on the device, in f64 where it has it and else in pairs of f32: nothing is read before the end.
//!
//! Matrices lie as `[seed][row][column]`, scratch of the one recording of a group of seeds; what all groups share is
//! kept. Accuracy against the host: `tests/it/gpu/algebra.rs`.

mod results;

use results::{Numbers, Read};

use super::{Algebra, upload_turned};
use crate::backend::gpu::device::Device;
use crate::backend::gpu::executor::Run;
use crate::backend::gpu::module::Element;
use crate::backend::gpu::passes::assemble::{self, Assemble};
use crate::backend::gpu::passes::couple::{self, Couple};
use crate::backend::gpu::passes::{View, root, spectrum, transpose};
use crate::backend::gpu::recording::{Proxy, Recording};
use crate::backend::gpu::results::{
    DEVIATION_FRO, DEVIATION_MAX, DEVIATION_OP, LAMBDA_MAX, LAMBDA_MIN, RESULTS, TRACE,
};
use crate::backend::gpu::sums::{self, Sums};
use crate::backend::{Drawn, EngineError, Job};
use crate::math::root::{Noise, root as host_root};
use crate::stats::Reference;

/// Bytes of an entry, an f64 or a pair of f32.
const ENTRY: u64 = 8;

/// Of the two kernels of a seed, K and K_gia.
const K: usize = 0;
const INDEPENDENT: usize = 1;

/// The small matrices of a group of seeds.
pub(in crate::backend::gpu) struct DeviceAlgebra<'e> {
    device: &'e Device,
    job: &'e Job,
    noise: Noise,
    seeds: Vec<u64>,
    /// C_k; that of the input is shared by all seeds.
    grams: Vec<Option<Proxy>>,
    /// S_k⁺.
    pseudo: Vec<Option<Proxy>>,
    /// E_k.
    cross: Vec<Option<Proxy>>,
    /// S_kᵀ, at its layer.
    roots: Vec<Option<View>>,
    /// Tᵀ and S_Bᵀ, at their layer.
    couplings: Vec<Option<(View, View)>>,
    /// B_kB_kᵀ of every layer, where the matrices of the layers are wanted.
    back_grams: Option<Vec<Option<Proxy>>>,
    /// B Bᵀ and Mᵀ of the layer in hand.
    above: Option<(Proxy, Proxy)>,
    /// B' B'ᵀ of the layer in hand, where it is not B Bᵀ.
    above_independent: Option<Proxy>,
    /// S'_Bᵀ, at its layer.
    independent: Vec<Option<View>>,
    /// N.
    outputs: Option<Proxy>,
    /// K, and K_gia where it is asked for.
    kernels: [Option<Proxy>; 2],
    /// ‖x_i‖‖x_j‖·scale, shared.
    norms: Option<Proxy>,
    /// K∞/n and 1/n, shared.
    limit: Option<Proxy>,
}

impl<'e> DeviceAlgebra<'e> {
    /// For the groups of a job, one after another; `layers` reads the matrices of every layer with the rest.
    pub(in crate::backend::gpu) fn new(device: &'e Device, job: &'e Job, noise: Noise, layers: bool) -> Self {
        let depth = job.network.depth();
        let none = || (0..depth).map(|_| None).collect::<Vec<_>>();
        Self {
            device,
            job,
            noise,
            seeds: Vec::new(),
            grams: none(),
            back_grams: layers.then(none),
            pseudo: none(),
            cross: none(),
            roots: (0..depth).map(|_| None).collect(),
            couplings: (0..depth).map(|_| None).collect(),
            above: None,
            above_independent: None,
            independent: (0..depth).map(|_| None).collect(),
            outputs: None,
            kernels: [None; 2],
            norms: None,
            limit: None,
        }
    }

    fn count(&self) -> u32 {
        self.seeds.len() as u32
    }

    fn n(&self) -> u32 {
        self.job.n as u32
    }

    fn q(&self) -> u32 {
        self.job.q() as u32
    }

    /// Room for rows × columns of every seed.
    fn matrix(&self, recording: &mut Recording, [rows, columns]: [u32; 2]) -> Proxy {
        recording.scratch(ENTRY * u64::from(self.count()) * u64::from(rows) * u64::from(columns))
    }

    /// The turned f32 form of a matrix that a product of panels takes.
    fn turned(&self, recording: &mut Recording, [rows, columns]: [u32; 2], matrix: Proxy) -> View {
        let entries = rows * columns;
        let buffer = recording.scratch(4 * u64::from(self.count()) * u64::from(entries));
        transpose::record(recording, self.count(), [rows, columns], matrix, buffer);
        View { buffer, seed: entries, row: rows, element: Element::F32 }
    }

    /// A matrix that must be there by the order of the calls.
    fn held(&self, slot: Option<Proxy>, what: &str) -> Result<Proxy, EngineError> {
        slot.ok_or_else(|| self.device.fault(format!("{what} was not summed")))
    }

    /// The term of a layer into one of the kernels, or its end.
    fn assemble(
        &mut self,
        recording: &mut Recording,
        which: usize,
        k: usize,
        flags: u32,
        factor: Proxy,
    ) -> Result<(), EngineError> {
        let (n, q) = (self.n(), self.q());
        let (kernel, begun) = match self.kernels[which] {
            Some(kernel) => (kernel, assemble::ACCUMULATE),
            None => {
                let kernel = self.matrix(recording, [q, q]);
                recording.poison_if_checked(kernel, kernel.bytes);
                (kernel, 0)
            }
        };
        if k == 0 && self.grams[0].is_none() {
            self.grams[0] = Some(keep_numbers(recording, self.job.cosines()));
        }
        let block = Assemble {
            points: n,
            outputs: self.job.network.outputs() as u32,
            flags: flags | begun,
            gram_seed: if k == 0 { 0 } else { n * n },
            ..Assemble::default()
        };
        let gram = self.held(self.grams[k], "C")?;
        assemble::record(recording, self.count(), block, gram, factor, kernel);
        self.kernels[which] = Some(kernel);
        Ok(())
    }

    /// K of every seed, whole, and K_gia.
    fn finish(&mut self, recording: &mut Recording) -> Result<(Proxy, Option<Proxy>), EngineError> {
        let job = self.job;
        let norms = *self.norms.get_or_insert_with(|| {
            let scale = job.network.scale();
            let of = |x: &f64| job.norms.iter().map(move |y| x * y * scale).collect::<Vec<_>>();
            keep_numbers(recording, &job.norms.iter().flat_map(of).collect::<Vec<_>>())
        });
        let alive = if job.never_dead() { assemble::ALIVE } else { 0 };
        for which in 0..self.kinds() {
            self.assemble(recording, which, job.network.depth() - 1, assemble::FINISH | alive, norms)?;
        }
        Ok((self.held(self.kernels[K], "K")?, self.kernels[INDEPENDENT]))
    }

    /// Kernels of a seed: K, or K and K_gia.
    fn kinds(&self) -> usize {
        if self.job.independence { 2 } else { 1 }
    }
}

impl Algebra for DeviceAlgebra<'_> {
    fn start(&mut self, seeds: &[u64]) {
        self.seeds = seeds.to_vec();
        // What is of a group goes with its recording.
        self.grams.iter_mut().skip(1).for_each(|slot| *slot = None);
        self.roots.iter_mut().skip(1).for_each(|slot| *slot = None);
        let of_group = [&mut self.pseudo, &mut self.cross].into_iter().chain(&mut self.back_grams);
        of_group.flatten().for_each(|slot| *slot = None);
        self.couplings.iter_mut().for_each(|slot| *slot = None);
        self.independent.iter_mut().for_each(|slot| *slot = None);
        (self.above, self.above_independent, self.outputs) = (None, None, None);
        self.kernels = [None; 2];
    }

    fn root(&mut self, run: &mut Run, k: usize) -> Result<(), EngineError> {
        let (n, recording) = (self.n(), &mut run.recording);
        if k == 0 {
            if self.roots[0].is_none() {
                // The input comes in f64 and is the same for every seed: no work for a device.
                let failed = |e| EngineError::Failed { seed: self.seeds[0], layer: 0, what: format!("{e}") };
                let half = host_root(self.job.cosines(), self.job.n, Noise::of_panels(f64::EPSILON), false)
                    .map_err(failed)?
                    .half;
                let room = recording.keep(4 * u64::from(n * n));
                self.roots[0] = Some(upload_turned(recording, room, &[half], [self.job.n; 2]));
            }
            return Ok(());
        }
        let (half, pseudo) = (self.matrix(recording, [n, n]), self.matrix(recording, [n, n]));
        let gram = self.held(self.grams[k], "C")?;
        root::record(recording, self.count(), n, self.noise, &root::Operands { gram, half, pseudo });
        self.roots[k] = Some(self.turned(recording, [n, n], half));
        self.pseudo[k] = Some(pseudo);
        Ok(())
    }

    fn forward(
        &mut self,
        _run: &mut Run,
        k: usize,
        gram: Sums,
        cross: Option<Sums>,
    ) -> Result<(), EngineError> {
        self.grams[k] = Some(gram.into_whole(self.device)?);
        let cross = cross.map(|sums| sums.into_whole(self.device)).transpose()?;
        if k + 1 == self.job.network.depth() {
            self.outputs = cross
        } else {
            self.cross[k] = cross
        }
        Ok(())
    }

    fn backward(
        &mut self,
        run: &mut Run,
        k: usize,
        gram: Sums,
        cross: Option<Sums>,
        independent: Option<Sums>,
    ) -> Result<(), EngineError> {
        let gram = gram.into_whole(self.device)?;
        let cross = cross.map(|sums| sums.into_whole(self.device)).transpose()?;
        let independent = independent.map(|sums| sums.into_whole(self.device)).transpose()?;
        self.assemble(&mut run.recording, K, k - 1, 0, gram)?;
        if self.job.independence {
            self.assemble(&mut run.recording, INDEPENDENT, k - 1, 0, independent.unwrap_or(gram))?;
        }
        if let Some(kept) = &mut self.back_grams {
            kept[k] = Some(gram);
        }
        self.above = cross.map(|m| (gram, m));
        self.above_independent = independent;
        Ok(())
    }

    fn couple(&mut self, run: &mut Run, k: usize) -> Result<(), EngineError> {
        let (n, q, count, recording) = (self.n(), self.q(), self.count(), &mut run.recording);
        let Some((gram, m)) = self.above.take() else {
            return Err(self.device.fault(format!("layer {k} has no M")));
        };
        let (e, pseudo) = (self.held(self.cross[k - 1], "E")?, self.held(self.pseudo[k - 1], "S⁺")?);
        let (s_b, unused) = (self.matrix(recording, [q, q]), self.matrix(recording, [q, q]));
        let operands = root::Operands { gram, half: s_b, pseudo: unused };
        root::record(recording, count, q, self.noise, &operands);
        let root = self.turned(recording, [q, q], s_b);
        self.independent[k - 1] = match self.above_independent.take() {
            Some(gram) => {
                let (half, unused) = (self.matrix(recording, [q, q]), self.matrix(recording, [q, q]));
                let operands = root::Operands { gram, half, pseudo: unused };
                root::record(recording, count, q, self.noise, &operands);
                Some(self.turned(recording, [q, q], half))
            }
            None => self.job.independence.then_some(root),
        };
        let [e_s_b, rest, t] = [(); 3].map(|()| self.matrix(recording, [n, q]));
        let block = Couple { rows: n, inner: q, columns: q, ..Couple::default() };
        let operands = couple::Operands { a: e, b: s_b, d: None, out: e_s_b };
        couple::record(recording, count, block, &operands);
        let flags = couple::TRANSPOSE | couple::SUBTRACT;
        let block = Couple { rows: n, inner: n, columns: q, flags, ..Couple::default() };
        let operands = couple::Operands { a: pseudo, b: e_s_b, d: Some(m), out: rest };
        couple::record(recording, count, block, &operands);
        let operands = couple::Operands { a: pseudo, b: rest, d: None, out: t };
        couple::record(recording, count, Couple { flags: 0, ..block }, &operands);
        self.couplings[k - 1] = Some((self.turned(recording, [n, q], t), root));
        Ok(())
    }

    fn root_of(&self, k: usize) -> Option<View> {
        self.roots[k]
    }

    fn coupling_of(&self, k: usize) -> Option<(View, View)> {
        self.couplings[k]
    }

    fn independent_of(&self, k: usize) -> Option<View> {
        self.independent[k]
    }

    fn kernels(&mut self, run: &mut Run) -> Result<Vec<Drawn>, EngineError> {
        let (kernel, independent) = self.finish(&mut run.recording)?;
        let size = self.job.q() * self.job.q();
        let wanted = [Some(kernel), independent].map(|kernel| kernel.map(|kernel| (kernel, size)));
        let Read { outputs, values: [kernels, independent], layers } = self.read(run, wanted)?;
        let kernels = kernels.ok_or_else(|| self.missing())?;
        let one = |(index, &seed): (usize, &u64)| {
            let kernel = Some(self.kernel(index, &kernels)?);
            let independent = independent.as_ref().map(|all| self.kernel(index, all)).transpose()?;
            let output_norm = self.norm_of_outputs(index, &outputs)?;
            let matrices = self.layers(&layers, index)?;
            Ok(Drawn { seed, output_norm, kernel, independent, matrices, ..Drawn::default() })
        };
        self.seeds.iter().enumerate().map(one).collect()
    }

    fn statistics(
        &mut self,
        run: &mut Run,
        reference: &Reference,
        kernels: bool,
    ) -> Result<Vec<Drawn>, EngineError> {
        let (kernel, independent) = self.finish(&mut run.recording)?;
        let recording = &mut run.recording;
        let bytes = ENTRY * (self.seeds.len() * RESULTS) as u64;
        let results = recording.scratch(bytes);
        recording.poison(results, bytes);
        let limit = *self.limit.get_or_insert_with(|| {
            let per_point = 1.0 / self.job.n as f64;
            keep_numbers(recording, &reference.limit().iter().copied().chain([per_point]).collect::<Vec<_>>())
        });
        let size = [self.job.n as u32, self.job.network.outputs() as u32];
        spectrum::record(recording, self.seeds.len() as u32, size, kernel, limit, results);
        let entries = self.job.q() * self.job.q();
        // K itself goes back only where it is asked for, or to be compared with K_gia.
        let kernel = (kernels || independent.is_some()).then_some((kernel, entries));
        let independent = independent.map(|independent| (independent, entries));
        let wanted = [Some((results, RESULTS)), kernel, independent];
        let Read { outputs, values: [results, kernels, independent], layers } = self.read(run, wanted)?;
        let results = results.ok_or_else(|| self.missing())?;
        let one = |(index, &seed): (usize, &u64)| {
            let results = &results[index * RESULTS..(index + 1) * RESULTS];
            self.check(index, "the statistics of the kernel", results)?;
            let of_all = (0..self.job.n).find(|i| self.job.is_alive(*i)).map(|i| (i, results[TRACE]));
            self.check_alive(index, of_all.filter(|(_, trace)| *trace <= 0.0))?;
            let statistics = reference.statistics(
                [DEVIATION_OP, DEVIATION_FRO, DEVIATION_MAX].map(|result| results[result]),
                [LAMBDA_MIN, LAMBDA_MAX].map(|result| results[result]),
                results[TRACE],
            );
            let of_seed = |all: &Numbers| all.as_ref().map(|all| self.kernel(index, all)).transpose();
            let (kernel, independent) = (of_seed(&kernels)?, of_seed(&independent)?);
            let output_norm = self.norm_of_outputs(index, &outputs)?;
            let matrices = self.layers(&layers, index)?;
            Ok(Drawn {
                seed,
                output_norm,
                kernel,
                independent,
                matrices,
                statistics: Some(statistics),
                ..Drawn::default()
            })
        };
        self.seeds.iter().enumerate().map(one).collect()
    }
}

/// A kept buffer with these numbers as shaders store the entries of small matrices.
fn keep_numbers(recording: &mut Recording, values: &[f64]) -> Proxy {
    let f64 = recording.target().variant.f64;
    recording.keep_values(&sums::encode(values, f64))
}
