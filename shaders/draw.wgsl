// Deviates of the conditional sampler into a panel, where panels are kept between the passes.
//
//   out[j][r] = normal(row first + r, column j), rounded to the type of the panel
//
// Twin: backend::cpu::draw::panel
//
// Bindings: 0 p, uniform · 1 keys [seed], read · 2 out [seed][j][r], write
// Dispatch: x workgroups of WORKGROUP neurons, y groups of four columns of the stream, z seeds; the tail is left out.
// Random numbers: tag of the block, one counter for four columns. Barriers: none.

override WORKGROUP: u32 = 64u;

struct Draw {
    rows: u32,
    columns: u32,
    first: u32,
    tag: u32,
    out_seed: u32,
    out_row: u32,
    pad_0: u32,
    pad_1: u32,
}

@group(0) @binding(0) var<uniform> p: Draw;
@group(0) @binding(1) var<storage, read> keys: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read_write> out: array<Panel>;

@compute @workgroup_size(WORKGROUP, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.columns {
        return;
    }
    let normals = rounded(stream_normals(keys[id.z], p.tag, p.first + id.x, id.y));
    for (var n = 0u; n < 4u; n++) {
        let j = 4u * id.y + n;
        if j < p.rows {
            out[id.z * p.out_seed + j * p.out_row + id.x] = Panel(normals[n]);
        }
    }
}
