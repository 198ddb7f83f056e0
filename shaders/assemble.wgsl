// The kernel, layer by layer.
//
//   K (+)= (C ⊗ 1 1ᵀ) ∘ (B Bᵀ), lower triangle           at the end  K = (K + C_{l−1} ⊗ I) ∘ (norms normsᵀ), both triangles
//
// A point whose activations have left the range of f32 gets no number, nor does one whose K(x,x) is not above zero although
// it must be: where its activations in the last layer are not zero, or, with ALIVE, where it has a norm.
//
// Twin: backend::small::Small::set_gram, backend::small::Small::set_back_gram, backend::small::Small::finish
//
// Bindings: 0 p, uniform · 1 gram C [seed][i][j], lower triangle, read · 2 factor: B Bᵀ [seed][row][column], lower triangle,
//           or at the end ‖x_i‖‖x_j‖·scale [i][j], read · 3 kernel [seed][row][column], read and write
// Dispatch: x workgroups of WORKGROUP entries, z seeds; entries beyond the end and above the diagonal are left out.
// Random numbers: none. Barriers: none.

override WORKGROUP: u32 = 64u;

const ACCUMULATE: u32 = 1u;
const FINISH: u32 = 2u;
const ALIVE: u32 = 4u;

struct Assemble {
    points: u32,
    outputs: u32,
    flags: u32,
    gram_seed: u32,
    zero: u32,
    pad_0: u32,
    pad_1: u32,
    pad_2: u32,
}

@group(0) @binding(0) var<uniform> p: Assemble;
@group(0) @binding(1) var<storage, read> gram: array<Real>;
@group(0) @binding(2) var<storage, read> factor: array<Real>;
@group(0) @binding(3) var<storage, read_write> kernel: array<Real>;

@compute @workgroup_size(WORKGROUP, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let size = p.points * p.outputs;
    let row = id.x / size;
    let column = id.x % size;
    if row >= size || column > row {
        return;
    }
    real_begin(p.zero);
    let first = id.z * size * size;
    let i = row / p.outputs;
    let j = column / p.outputs;
    let c = gram[id.z * p.gram_seed + i * p.points + j];
    let zero = real(0.0);
    var value = zero;
    var impossible = row == column && real_above(c, zero) && real_above(real_least(), c);
    if (p.flags & ACCUMULATE) != 0u {
        value = kernel[first + id.x];
    }
    if (p.flags & FINISH) != 0u {
        if row % p.outputs == column % p.outputs {
            value = real_add(value, c);
        }
        let norms = factor[i * p.points + j];
        let alive = real_above(c, zero) || ((p.flags & ALIVE) != 0u && real_above(norms, zero));
        impossible = impossible || (row == column && alive && !real_above(value, zero));
        value = real_mul(value, norms);
        kernel[first + column * size + row] = value;
    } else {
        value = real_add(value, real_mul(c, factor[first + id.x]));
    }
    if impossible {
        value = real(bitcast<f32>(0x7fc00000u | p.zero));
    }
    kernel[first + id.x] = value;
}
