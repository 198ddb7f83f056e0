//! The adapters of this machine: what they are, what they have, and which one a user means.

use std::fmt;

use pollster::block_on;
use wgpu::{Backend, Backends, CooperativeScalarType, DeviceType, Features};

use super::module::Tile;

/// Kind of an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A GPU with memory of its own.
    Discrete,
    /// A GPU that shares the memory of the machine.
    Integrated,
    /// A GPU behind a virtual machine.
    Virtual,
    /// A processor that plays a GPU, such as lavapipe: right, and slower than the native CPU engine.
    Software,
    /// The driver does not say.
    Other,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Software => "software",
            Self::Other => "other",
        })
    }
}

/// What an adapter says of itself. Sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its place in the list; `gpu:INDEX` names it.
    pub index: usize,
    /// Name.
    pub name: String,
    /// Graphics interface: `vulkan`, `metal` or `dx12`.
    pub backend: String,
    /// Driver and version.
    pub driver: String,
    /// Kind.
    pub kind: Kind,
    /// Why it cannot be used, if it cannot.
    pub reason: Option<String>,
    /// Least and greatest subgroup.
    pub subgroup: [u32; 2],
    /// Largest storage binding.
    pub max_storage_binding: u64,
    /// Largest buffer.
    pub max_buffer: u64,
    /// Memory of a workgroup.
    pub workgroup_memory: u32,
    /// 16-bit floats in shaders.
    pub f16: bool,
    /// 64-bit floats in shaders: the small matrices are summed in them.
    pub f64: bool,
    /// 64-bit integers in shaders.
    pub int64: bool,
    /// Timestamps for `eoc bench`.
    pub timestamps: bool,
    /// Cooperative matrices as `MxNxK input->accumulator`.
    pub cooperative: Vec<String>,
}

/// Names of chips, as they stand in the names of adapters, whose f64 runs at half the rate of f32 or so. Most others
/// that have it run it at 1/16 to 1/64, some old ones at 1/3 or 1/4, where pairs of f32 are no slower by much.
const FAST_F64: [&str; 27] = [
    "P100", "GP100", "V100", "V100S", "GV100", "TITAN V", "A30", "A100", "A800", "H100", "H200", "GH200",
    "B200", "GB200", "MI50", "MI60", "Pro VII", "MI100", "MI210", "MI250", "MI250X", "MI300A", "MI300X",
    "MI325X", "MI350X", "MI355X", "GPU Max",
];

impl Description {
    /// Whether sums over neurons are as fast in f64 as in pairs of f32: on chips made for it, and on processors.
    pub fn has_fast_f64(&self) -> bool {
        // Whole words: an A300 is no A30, a TITAN Xp no TITAN X.
        let words = |text: &str| format!(" {} ", text.replace(|c: char| !c.is_ascii_alphanumeric(), " "));
        let name = words(&self.name);
        self.f64 && (self.kind == Kind::Software || FAST_F64.iter().any(|chip| name.contains(&words(chip))))
    }
}

/// Which GPU is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The best: a real GPU before a software adapter, the first of the most capable kind.
    Best,
    /// The best real GPU; a software adapter is none.
    BestReal,
    /// The best real GPU with 16-bit floats.
    BestHalf,
    /// The adapter at this place of the list.
    Index(usize),
    /// The first whose name has this part, in any case.
    Named(String),
}

/// No adapter is what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAdapter(pub String);

/// What to install where no adapter is found.
pub const CURE: &str = "install a Vulkan driver and its loader libvulkan.so.1 (NVIDIA: the driver with its graphics \
                        libraries, AMD and Intel on Debian: apt-get install libvulkan1 mesa-vulkan-drivers, which also \
                        brings the software adapter lavapipe)";

/// Workgroup memory, invocations, storage buffers and binding size that the shaders need.
const NEEDED_WORKGROUP_MEMORY: u32 = 16 << 10;
const NEEDED_INVOCATIONS: u32 = 256;
const NEEDED_BUFFERS: u32 = 6;
const NEEDED_BINDING: u64 = 64 << 20;

/// Every adapter, in the order of the drivers; empty where there is no loader or no driver.
pub(super) fn all() -> Vec<wgpu::Adapter> {
    let backends = Backends::VULKAN | Backends::METAL | Backends::DX12;
    let mut settings = wgpu::InstanceDescriptor::new_without_display_handle();
    settings.backends = backends;
    settings.flags = wgpu::InstanceFlags::empty();
    let instance = wgpu::Instance::new(settings);
    block_on(instance.enumerate_adapters(backends))
}

/// Descriptions of every adapter.
pub fn list() -> Vec<Description> {
    all().iter().enumerate().map(|(index, adapter)| describe(index, adapter)).collect()
}

/// An adapter that was asked for, not opened yet.
pub struct Found {
    pub(super) adapter: wgpu::Adapter,
    /// What it is.
    pub description: Description,
}

/// The adapter that is meant, if it is there and can be used.
pub fn find(choice: &Choice) -> Result<Found, NoAdapter> {
    let mut adapters = all();
    let list: Vec<Description> = adapters.iter().enumerate().map(|(index, a)| describe(index, a)).collect();
    let index = choose(&list, choice)?;
    Ok(Found { adapter: adapters.swap_remove(index), description: list[index].clone() })
}

pub(super) fn describe(index: usize, adapter: &wgpu::Adapter) -> Description {
    let (info, features, limits) = (adapter.get_info(), adapter.features(), adapter.limits());
    let driver = [info.driver.trim(), info.driver_info.trim()].join(" ").trim().to_owned();
    Description {
        index,
        name: info.name,
        backend: match info.backend {
            Backend::Vulkan => "vulkan",
            Backend::Metal => "metal",
            Backend::Dx12 => "dx12",
            _ => "other",
        }
        .to_owned(),
        driver,
        kind: match info.device_type {
            DeviceType::DiscreteGpu => Kind::Discrete,
            DeviceType::IntegratedGpu => Kind::Integrated,
            DeviceType::VirtualGpu => Kind::Virtual,
            DeviceType::Cpu => Kind::Software,
            DeviceType::Other => Kind::Other,
        },
        reason: unusable(adapter),
        subgroup: [info.subgroup_min_size, info.subgroup_max_size],
        max_storage_binding: limits.max_storage_buffer_binding_size,
        max_buffer: limits.max_buffer_size,
        workgroup_memory: limits.max_compute_workgroup_storage_size,
        f16: features.contains(Features::SHADER_F16),
        f64: features.contains(Features::SHADER_F64),
        int64: features.contains(Features::SHADER_INT64),
        timestamps: features.contains(Features::TIMESTAMP_QUERY),
        cooperative: cooperative(adapter),
    }
}

fn unusable(adapter: &wgpu::Adapter) -> Option<String> {
    let limits = adapter.limits();
    let flags = adapter.get_downlevel_capabilities().flags;
    if !flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS) {
        return Some("its driver has no compute shaders".to_owned());
    }
    let short = |what: &str, has: u64, needs: u64| {
        (has < needs).then(|| format!("it has {has} {what} and the shaders need {needs}"))
    };
    let memory = u64::from(limits.max_compute_workgroup_storage_size);
    short("bytes of workgroup memory", memory, NEEDED_WORKGROUP_MEMORY.into())
        .or_else(|| {
            let invocations = limits.max_compute_invocations_per_workgroup;
            short("invocations in a workgroup", invocations.into(), NEEDED_INVOCATIONS.into())
        })
        .or_else(|| {
            let buffers = limits.max_storage_buffers_per_shader_stage;
            short("storage buffers in a shader", buffers.into(), NEEDED_BUFFERS.into())
        })
        .or_else(|| {
            short("bytes in a storage binding", limits.max_storage_buffer_binding_size, NEEDED_BINDING)
        })
}

/// The largest shape of cooperative matrices with operands in f16 and sums in f32 that there is a shader for.
pub(super) fn tile(adapter: &wgpu::Adapter) -> Option<Tile> {
    let properties = adapter.cooperative_matrix_properties();
    [Tile::Sixteen, Tile::Eight].into_iter().find(|tile| {
        let size = tile.size();
        properties.iter().any(|p| {
            [p.m_size, p.n_size, p.k_size] == [size; 3]
                && p.ab_type == CooperativeScalarType::F16
                && p.cr_type == CooperativeScalarType::F32
                && !p.saturating_accumulation
        })
    })
}

fn cooperative(adapter: &wgpu::Adapter) -> Vec<String> {
    let shape = |p: &wgpu::CooperativeMatrixProperties| {
        format!("{}x{}x{} {:?}->{:?}", p.m_size, p.n_size, p.k_size, p.ab_type, p.cr_type).to_lowercase()
    };
    adapter.cooperative_matrix_properties().iter().map(shape).collect()
}

/// Place in the list of the adapter that is meant; it can be used.
pub(super) fn choose(list: &[Description], choice: &Choice) -> Result<usize, NoAdapter> {
    if list.is_empty() {
        return Err(NoAdapter(format!("no GPU was found; {CURE}")));
    }
    let names = || {
        let names: Vec<String> = list.iter().map(|d| format!("gpu:{} is {}", d.index, d.name)).collect();
        names.join(", ")
    };
    let rank = |d: &Description| match d.kind {
        Kind::Discrete => 0,
        Kind::Integrated => 1,
        Kind::Virtual => 2,
        Kind::Other => 3,
        Kind::Software => 4,
    };
    // The first of the best kind.
    let first = |among: &dyn Fn(&&Description) -> bool| {
        let usable = list.iter().filter(|d| d.reason.is_none());
        usable.filter(among).min_by_key(|d| (rank(d), d.index))
    };
    let best = || first(&|_| true).or(list.first());
    let found = match choice {
        Choice::Best => best(),
        Choice::BestReal => best().filter(|d| d.kind != Kind::Software),
        Choice::BestHalf => first(&|d| d.f16 && d.kind != Kind::Software),
        Choice::Index(index) => list.get(*index),
        Choice::Named(part) => {
            let part = part.to_lowercase();
            list.iter().find(|d| d.name.to_lowercase().contains(&part))
        }
    };
    let Some(found) = found else {
        let asked = match choice {
            Choice::Index(index) => format!("there is no GPU {index}"),
            Choice::Named(part) => format!("no GPU has \"{part}\" in its name"),
            Choice::BestHalf => "there is no real GPU with 16-bit floats".to_owned(),
            _ => "there is no real GPU".to_owned(),
        };
        return Err(NoAdapter(format!("{asked}; {}", names())));
    };
    match &found.reason {
        Some(reason) => Err(NoAdapter(format!("{} cannot be used: {reason}", found.name))),
        None => Ok(found.index),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chips_made_for_f64_are_known_by_name() {
        let fast = |name: &str, kind, f64| {
            Description { name: name.to_owned(), kind, f64, ..described(0, Kind::Discrete, true) }
                .has_fast_f64()
        };
        for name in [
            "NVIDIA A100-SXM4-80GB",
            "NVIDIA H100 80GB HBM3",
            "NVIDIA H200",
            "NVIDIA GH200 480GB",
            "Tesla V100-PCIE-16GB",
            "AMD Instinct MI210",
            "NVIDIA TITAN V",
            "AMD Radeon Pro VII (RADV VEGA20)",
            "Intel(R) Data Center GPU Max 1550",
        ] {
            assert!(fast(name, Kind::Discrete, true), "{name}");
            assert!(!fast(name, Kind::Discrete, false), "{name}");
        }
        for name in [
            "NVIDIA GeForce RTX 4090",
            "NVIDIA H20",
            "NVIDIA H800",
            "NVIDIA TITAN Xp",
            "AMD Radeon VII (RADV VEGA20)",
            "NVIDIA L40S",
            "NVIDIA A10",
            "AMD Radeon RX 7900 XTX (RADV NAVI31)",
            "Apple M3 Max",
            "",
        ] {
            assert!(!fast(name, Kind::Discrete, true), "{name}");
        }
        assert!(fast("llvmpipe (LLVM 15.0.6, 256 bits)", Kind::Software, true));
    }

    fn described(index: usize, kind: Kind, f16: bool) -> Description {
        Description {
            index,
            name: format!("card {index}"),
            backend: "vulkan".to_owned(),
            driver: String::new(),
            kind,
            reason: None,
            subgroup: [32, 32],
            max_storage_binding: 1 << 30,
            max_buffer: 1 << 30,
            workgroup_memory: 1 << 15,
            f16,
            f64: true,
            int64: true,
            timestamps: true,
            cooperative: Vec::new(),
        }
    }

    #[test]
    fn the_best_of_those_that_have_what_is_needed() {
        let mut list = vec![
            described(0, Kind::Software, true),
            described(1, Kind::Integrated, true),
            described(2, Kind::Discrete, false),
        ];
        assert_eq!(choose(&list, &Choice::Best), Ok(2));
        assert_eq!(choose(&list, &Choice::BestReal), Ok(2));
        assert_eq!(choose(&list, &Choice::BestHalf), Ok(1));
        list[1].f16 = false;
        let sentence = choose(&list, &Choice::BestHalf).unwrap_err().to_string();
        assert!(sentence.contains("16-bit floats") && sentence.contains("gpu:1 is card 1"), "{sentence}");
    }
}
