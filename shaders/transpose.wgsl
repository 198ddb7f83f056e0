// Small matrices as `project` takes them: rounded to f32 and turned.
//
//   out[j][i] = f32(matrix[i][j])
//
// Twin: backend::gpu::algebra::upload_turned
//
// Bindings: 0 p, uniform · 1 matrix [seed][i][j], read · 2 out [seed][j][i], write
// Dispatch: x workgroups of WORKGROUP entries, z seeds; entries beyond the end are left out. Random numbers: none. Barriers: none.

override WORKGROUP: u32 = 64u;

struct Transpose {
    rows: u32,
    columns: u32,
    zero: u32,
    pad_0: u32,
}

@group(0) @binding(0) var<uniform> p: Transpose;
@group(0) @binding(1) var<storage, read> matrix: array<Real>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(WORKGROUP, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let entries = p.rows * p.columns;
    if id.x >= entries {
        return;
    }
    let i = id.x % p.rows;
    let j = id.x / p.rows;
    out[id.z * entries + id.x] = real_round(matrix[id.z * entries + i * p.columns + j]);
}
