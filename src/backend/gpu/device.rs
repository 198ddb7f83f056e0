//! One opened device: its queue, its limits, pipelines made once, and buffers used again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pollster::block_on;
use wgpu::{BufferUsages, Features};

use super::adapter::{self, Description, Found, Kind};
use super::faults::Faults;
use super::module::{self, Pass, Storage, Variant};
use super::profile::Profile;
use super::recording::Target;
use super::schedule::DeviceLimits;
use super::tuning::Tuning;
use crate::backend::{EngineError, Refusal};

/// How to open a device. The defaults are right for every user; tests take other ways through the same code.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Small matrices in f64 where the adapter has it.
    pub f64: bool,
    /// Sums over neurons in f64 where small matrices are, where not the kind of the adapter decides.
    pub f64_sums: Option<bool>,
    /// Products of words in u64 where the adapter has it.
    pub int64: bool,
    /// Panels in f16 where the adapter has it.
    pub f16: bool,
    /// Large products of f16 on cooperative matrices where the adapter has them.
    pub cooperative: bool,
    /// Shaders check every index, which costs time.
    pub checked: bool,
    /// Largest storage binding, in bytes, where not the adapter alone decides.
    pub max_binding: Option<u64>,
    /// Bytes of device memory to plan for, where not the adapter alone decides.
    pub memory: Option<u64>,
    /// Operations of one dispatch at most, where not the adapter alone decides.
    pub work: Option<f64>,
    /// Times every pass by timestamps.
    pub profile: bool,
    /// Rows up to which small matrices are factorised on the device, where not the adapter alone decides; 0: never.
    pub algebra: Option<u32>,
    /// Constants of the shaders, where the adapter is tuned.
    pub tuning: Option<Tuning>,
    /// Matrices in factorisation are in storage, whatever their size.
    pub squares_in_storage: bool,
    /// A layer of the conditional sampler is one pass each way, where its matrices are small.
    pub fused: bool,
    /// The device is asked for what the CPU knows, once in a process, and refused where it is wrong.
    pub self_test: bool,
    /// Passes that the device leaves out, as a driver would that does nothing.
    #[cfg(test)]
    pub(crate) skipped: Vec<Pass>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            f64: true,
            f64_sums: None,
            int64: true,
            f16: true,
            cooperative: true,
            checked: false,
            max_binding: None,
            memory: None,
            work: None,
            profile: false,
            algebra: None,
            tuning: None,
            squares_in_storage: false,
            fused: true,
            self_test: true,
            #[cfg(test)]
            skipped: Vec::new(),
        }
    }
}

/// What work is planned by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// Bytes of the largest storage binding.
    pub(super) binding: u64,
    /// Bytes of device memory.
    pub(super) memory: u64,
    /// Operations of one dispatch, to stay well under a second.
    pub(super) work: f64,
    /// Operations of what is submitted at once. Three are in flight for each of two groups of seeds, and a signal waits
    /// for them.
    pub(super) piece: f64,
    /// Guess of sustained operations a second; only the batch size depends on it.
    pub(super) rate: f64,
    /// Guess of normals a second.
    pub(super) normals: f64,
}

/// An opened device.
pub(super) struct Device {
    pub(super) description: Description,
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) variant: Variant,
    pub(super) budget: Budget,
    pub(super) profile: Option<Profile>,
    pub(super) squares_in_storage: bool,
    pub(super) fused: bool,
    /// Rows up to which small matrices are factorised here.
    pub(super) algebra: u32,
    /// f32 operations that one of the small matrices takes as long as, so that no dispatch of them lasts too long.
    pub(super) small_cost: f64,
    tuning: Mutex<Tuning>,
    faults: Faults,
    pub(super) checked: bool,
    pipelines: Mutex<HashMap<PipelineKey, Arc<wgpu::ComputePipeline>>>,
    pool: Mutex<Vec<wgpu::Buffer>>,
    poison: Mutex<Option<wgpu::Buffer>>,
    max_buffer: u64,
    #[cfg(test)]
    skipped: Vec<Pass>,
}

/// A pass, what lies around it in memory, and the bits of its override constants.
type PipelineKey = (Pass, Storage, Vec<u64>);

/// Rows of the largest matrix that one workgroup factorises.
const ALGEBRA_ROWS: u32 = 256;
/// Most bytes of buffers that wait to be used again.
const POOL_BYTES: u64 = 1 << 30;

impl Device {
    /// Opens an adapter.
    pub(super) fn open(found: &Found, options: &Options) -> Result<Self, EngineError> {
        let refuse = |what: String| EngineError::from(Refusal::Adapter(what));
        let (adapter, description) = (&found.adapter, found.description.clone());
        let variant = variant(options, &description, adapter);
        let mut features = Features::empty();
        let mut want = |feature, wanted| {
            if wanted {
                features |= feature;
            }
        };
        let profiled = options.profile && description.timestamps;
        want(Features::SHADER_F64, variant.f64);
        want(Features::SHADER_INT64, variant.int64);
        want(Features::SHADER_F16, variant.f16);
        let cooperative = Features::EXPERIMENTAL_COOPERATIVE_MATRIX | Features::SUBGROUP;
        want(cooperative, variant.cooperative.is_some());
        want(Features::TIMESTAMP_QUERY, profiled);
        let mut limits = adapter.limits();
        if let Some(bytes) = options.max_binding {
            limits.max_storage_buffer_binding_size = limits.max_storage_buffer_binding_size.min(bytes);
        }
        let settings = wgpu::DeviceDescriptor {
            label: Some("eoc"),
            required_features: features,
            required_limits: limits.clone(),
            experimental_features: experimental(variant.cooperative.is_some()),
            ..Default::default()
        };
        let (device, queue) = block_on(adapter.request_device(&settings))
            .map_err(|e| refuse(format!("{} could not be opened: {e}", description.name)))?;
        let faults = Faults::of(&device);
        let budget = budget(&description, &limits, options);
        let profile = profiled.then(|| Profile::new(queue.get_timestamp_period()));
        let checked = options.checked;
        let (pipelines, pool, poison) = Default::default();
        let max_buffer = limits.max_buffer_size;
        let tuning = options.tuning.filter(|t| t.runs_on(&description));
        // No tuning: where a matrix is factorised moves its rounding, and that is to be the same on all devices of one
        // name.
        let algebra = match (description.kind, variant.f64) {
            // A processor that plays a GPU factorises faster as itself.
            (Kind::Software, _) => 0,
            (_, true) => ALGEBRA_ROWS,
            // Pairs take some ten times as long.
            (_, false) => ALGEBRA_ROWS / 4,
        };
        Ok(Self {
            tuning: Mutex::new(tuning.unwrap_or_default()),
            // Cards for games have f64 at 1/64 of f32, others at 1/2; a pair takes some 40 operations.
            small_cost: if variant.f64 { 8.0 } else { 40.0 },
            algebra: options.algebra.unwrap_or(algebra).min(ALGEBRA_ROWS),
            squares_in_storage: options.squares_in_storage,
            fused: options.fused,
            description,
            device,
            queue,
            variant,
            budget,
            profile,
            faults,
            checked,
            pipelines,
            pool,
            poison,
            max_buffer,
            #[cfg(test)]
            skipped: options.skipped.clone(),
        })
    }

    /// Passes that are left out: none, but for tests of broken devices.
    pub(super) fn skipped(&self) -> &[Pass] {
        #[cfg(test)]
        return &self.skipped;
        #[cfg(not(test))]
        &[]
    }

    /// Constants of the shaders.
    pub(super) fn tuning(&self) -> Tuning {
        *self.tuning.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes others, while nothing is planned or running.
    pub(super) fn set_tuning(&self, tuning: Tuning) {
        *self.tuning.lock().unwrap_or_else(PoisonError::into_inner) = tuning;
    }

    /// The pipeline of a pass on such numbers with these override constants, made once.
    pub(super) fn pipeline(
        &self,
        pass: Pass,
        storage: Storage,
        constants: &[(&str, f64)],
    ) -> Arc<wgpu::ComputePipeline> {
        let key = (pass, storage, constants.iter().map(|c| c.1.to_bits()).collect());
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(self.compile(pass, storage, constants));
        Arc::clone(pipelines.entry(key).or_insert_with(make))
    }

    /// What was compiled so far.
    #[cfg(test)]
    pub(super) fn compiled(&self) -> Vec<(Pass, Storage, Vec<u64>)> {
        self.pipelines.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn compile(&self, pass: Pass, storage: Storage, constants: &[(&str, f64)]) -> wgpu::ComputePipeline {
        let text = wgpu::ShaderModuleDescriptor {
            label: Some(pass.name()),
            source: wgpu::ShaderSource::Wgsl(module::text(pass, self.variant, storage).into()),
        };
        let module = if self.checked {
            self.device.create_shader_module(text)
        } else {
            // SAFETY: the text is ours, every index in it is below the size of its binding by the plan of the dispatch,
            // and the same dispatches run with checked modules in the tests. Worth 1.6 to 1.9 times on tiled products.
            #[allow(unsafe_code)]
            unsafe {
                self.device.create_shader_module_trusted(text, wgpu::ShaderRuntimeChecks::unchecked())
            }
        };
        self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(pass.name()),
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants,
                // Every shader writes its workgroup memory before it reads it.
                zero_initialize_workgroup_memory: false,
            },
            cache: None,
        })
    }

    /// A storage buffer of at least this many bytes (and at least one word), of any content.
    pub(super) fn storage(&self, bytes: u64) -> wgpu::Buffer {
        self.buffer(bytes, BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST)
    }

    /// A buffer that the host reads.
    pub(super) fn staging(&self, bytes: u64) -> wgpu::Buffer {
        self.buffer(bytes, BufferUsages::MAP_READ | BufferUsages::COPY_DST)
    }

    /// What a recording must know of this device.
    pub(super) fn target(&self) -> Target {
        Target {
            variant: self.variant,
            tuning: self.tuning(),
            subgroup: self.description.subgroup[0],
            workgroup_memory: self.description.workgroup_memory,
            binding: self.budget.binding,
            squares_in_storage: self.squares_in_storage,
            small_cost: self.small_cost,
            checked: self.checked,
        }
    }

    /// What this device allows of a recording.
    pub(super) fn limits(&self) -> DeviceLimits {
        DeviceLimits { weight: self.budget.piece, buffer: self.max_buffer }
    }

    /// A buffer of at least this many bytes that are no number in any form.
    pub(super) fn poison(&self, bytes: u64) -> wgpu::Buffer {
        let mut poison = self.poison.lock().unwrap_or_else(PoisonError::into_inner);
        match &*poison {
            Some(buffer) if buffer.size() >= bytes => buffer.clone(),
            _ => {
                let size = self.limits().size(bytes);
                let buffer = self.storage(size);
                self.queue.write_buffer(&buffer, 0, &vec![u8::MAX; size as usize]);
                poison.insert(buffer).clone()
            }
        }
    }

    fn buffer(&self, bytes: u64, usage: BufferUsages) -> wgpu::Buffer {
        let size = self.limits().size(bytes);
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = pool.iter().position(|b| b.size() == size && b.usage() == usage) {
            return pool.swap_remove(at);
        }
        drop(pool);
        let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        self.device.create_buffer(&descriptor)
    }

    /// Gives buffers back that no pending work uses.
    pub(super) fn give_back(&self, buffers: impl IntoIterator<Item = wgpu::Buffer>) {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        pool.extend(buffers);
        while pool.iter().map(wgpu::Buffer::size).sum::<u64>() > POOL_BYTES {
            // The oldest has waited longest.
            pool.remove(0);
        }
    }

    /// Keeps a fault that came another way than by a callback.
    pub(super) fn fault(&self, what: String) -> EngineError {
        self.faults.record(what);
        self.check().err().unwrap_or_else(|| self.error("it failed".to_owned()))
    }

    /// An error where anything went wrong on the device so far.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        self.faults.first().map_or(Ok(()), |what| Err(self.error(what)))
    }

    fn error(&self, what: String) -> EngineError {
        EngineError::Device { device: self.description.name.clone(), what }
    }
}

/// What the shaders are made of on this adapter.
fn variant(options: &Options, description: &Description, adapter: &wgpu::Adapter) -> Variant {
    let f16 = options.f16 && description.f16;
    let [least, greatest] = description.subgroup;
    // A workgroup is so many whole subgroups, so their size must be one number.
    let subgroups = adapter.features().contains(Features::SUBGROUP) && least == greatest && least > 0;
    let cooperative = adapter.features().contains(Features::EXPERIMENTAL_COOPERATIVE_MATRIX);
    let tile = adapter::tile(adapter).filter(|_| options.cooperative && f16 && cooperative && subgroups);
    let f64 = options.f64 && description.f64;
    Variant {
        f64,
        // Which sums there are is the adapter's own and never tuned: it moves bits.
        f64_sums: f64 && options.f64_sums.unwrap_or(description.has_fast_f64()),
        int64: options.int64 && description.int64,
        f16,
        cooperative: tile,
    }
}

fn experimental(cooperative: bool) -> wgpu::ExperimentalFeatures {
    if !cooperative {
        return wgpu::ExperimentalFeatures::disabled();
    }
    // SAFETY: cooperative matrices are the only such feature that is asked for, the one shader that uses them reads and
    // writes its own workgroup memory through them, and its tests compare it with project.wgsl.
    #[allow(unsafe_code)]
    unsafe {
        wgpu::ExperimentalFeatures::enabled()
    }
}

fn budget(description: &Description, limits: &wgpu::Limits, options: &Options) -> Budget {
    let software = description.kind == Kind::Software;
    let shared = description.kind != Kind::Discrete;
    // wgpu does not say how much memory a device has. What most cards of a kind can spare is planned for; a device that
    // has less says so when a buffer is made.
    let memory: u64 = if shared { 1 << 30 } else { 4 << 30 };
    // A tenth of a second of a slow one; a fast one has larger pieces, since each costs a submission.
    let (work, pieces) = match description.kind {
        Kind::Software => (2e8, 1.0),
        Kind::Discrete => (5e10, 4.0),
        _ => (1e10, 1.0),
    };
    let work = options.work.unwrap_or(work);
    Budget {
        binding: limits.max_storage_buffer_binding_size.min(limits.max_buffer_size),
        memory: options.memory.unwrap_or(memory.min(limits.max_buffer_size.saturating_mul(4))),
        work,
        piece: pieces * work,
        rate: if software { 2e9 } else { 3e12 },
        normals: if software { 5e7 } else { 2e10 },
    }
}
