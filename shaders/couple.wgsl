// One product of small matrices, for many seeds: the steps from the sums of a layer to T.
//
//   out = A·B      E·S_B           out = D − AᵀB      M − (S⁺)ᵀ(E S_B)           out = A·B      T = S⁺(…)
//
// D is stored turned, as the sums of Mᵀ = B·G leave it. Sums are in the order of k.
//
// Twin: backend::small::Small::couple
//
// Bindings: 0 p, uniform · 1 a [seed][i][k], read · 2 b [seed][k][j], read · 3 d [seed][j][i], read
//           4 out [seed][i][j], write
// Dispatch: x workgroups of WORKGROUP entries, z seeds; entries beyond the end are left out. Random numbers: none. Barriers: none.

override WORKGROUP: u32 = 64u;

const TRANSPOSE: u32 = 1u;
const SUBTRACT: u32 = 2u;

struct Couple {
    rows: u32,
    inner: u32,
    columns: u32,
    flags: u32,
    zero: u32,
    pad_0: u32,
    pad_1: u32,
    pad_2: u32,
}

@group(0) @binding(0) var<uniform> p: Couple;
@group(0) @binding(1) var<storage, read> a: array<Real>;
@group(0) @binding(2) var<storage, read> b: array<Real>;
@group(0) @binding(3) var<storage, read> d: array<Real>;
@group(0) @binding(4) var<storage, read_write> out: array<Real>;

@compute @workgroup_size(WORKGROUP, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.rows * p.columns {
        return;
    }
    real_begin(p.zero);
    let i = id.x / p.columns;
    let j = id.x % p.columns;
    let a_first = id.z * p.rows * p.inner;
    let b_first = id.z * p.inner * p.columns;
    let target_index = id.z * p.rows * p.columns + id.x;
    var sum = real(0.0);
    for (var k = 0u; k < p.inner; k++) {
        var at = i * p.inner + k;
        if (p.flags & TRANSPOSE) != 0u {
            at = k * p.rows + i;
        }
        sum = real_add(sum, real_mul(a[a_first + at], b[b_first + k * p.columns + j]));
    }
    if (p.flags & SUBTRACT) != 0u {
        sum = real_sub(d[id.z * p.rows * p.columns + j * p.rows + i], sum);
    }
    out[target_index] = sum;
}
