// One product of the network, for many seeds: every Z and every B of both samplers.
//
//   out[i][c] (+)= Σ_k X[i][k]·W[k][c],   then (·) φ′(z)/(σ√m) where asked
//
//   conditional   Z = Sᵀ·Gᵀ                 X = Sᵀ (n × n),       W drawn: row c, column k
//                 U = Tᵀ·A, += S_Bᵀ·Hᵀ      X = Tᵀ or S_Bᵀ,       W = φ(Z) or drawn: row c, column k
//   direct        Z_k = A_{k−1}·W_kᵀ        X = φ(Z_{k−1}),       W drawn: row c, column k, or a matrix
//                 U_k = B_{k+1}·W_{k+1}     X = B_{k+1},          W drawn: row k, column c, or a matrix
//   both          U = B_l·W_l               X = 1_n ⊗ I (q × m_l), W drawn: row k, column c, or a matrix
//
// Sums are f32 in a fixed order: 16 terms, then the sums of 16 onto those of the dispatch before, so that neither the split of
// k over dispatches nor the batch moves a bit. Panels are f32 or f16 (common/panel_*.wgsl), X too or a small matrix in f32
// (common/operand_*.wgsl). B lies in f16 as B·2^e, with 2^e in the slopes, and is read as X with the slope 2^−e.
//
// Twin: backend::cpu::product::project, backend::cpu::dense::ForwardChunk, backend::cpu::dense::BackwardChunk
//
// Bindings: 0 p, uniform · 1 keys [seed], read · 2 x [seed][row][k], read · 3 w [seed][..], read
//           4 z [seed][point][c], read · 5 out [seed][row][c], read and write · 6 sums as out, read and write, in f16 alone
// Dispatch: x tiles of 4·THREADS_COLUMNS columns, y tiles of 4·THREADS_ROWS rows, z seeds. Rows, columns and k beyond the
//           ends are loaded as 0 and not written.
// Random numbers: tag of the block, rows and columns as above, one counter for four columns.
// Barriers: two a round of the loop over k, whose bounds are uniform.

override THREADS_COLUMNS: u32 = 32u;
override THREADS_ROWS: u32 = 8u;
override W_TILE: u32 = 512u;
override X_TILE: u32 = 128u;

const INNER: u32 = 16u;

const SOURCE_ROWS: u32 = 0u;
const SOURCE_COLUMNS: u32 = 1u;
const SOURCE_MATRIX: u32 = 2u;
const SOURCE_TRANSPOSED: u32 = 3u;

const ACTIVATE_X: u32 = 1u;
const ACTIVATE_W: u32 = 2u;
const ACCUMULATE: u32 = 4u;
const DIFFERENTIATE: u32 = 8u;
const PARTIAL: u32 = 16u;

struct Project {
    rows: u32,
    inner: u32,
    columns: u32,
    outputs: u32,
    source: u32,
    flags: u32,
    tag: u32,
    first_inner: u32,
    first_column: u32,
    x_seed: u32,
    x_row: u32,
    w_seed: u32,
    w_row: u32,
    out_seed: u32,
    out_row: u32,
    z_seed: u32,
    z_row: u32,
    pad_0: u32,
    pad_1: u32,
    pad_2: u32,
    operand_slopes: vec4<f32>,
    slopes: vec4<f32>,
}

@group(0) @binding(0) var<uniform> p: Project;
@group(0) @binding(1) var<storage, read> keys: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> x: array<Operand>;
@group(0) @binding(3) var<storage, read> w: array<Panel>;
@group(0) @binding(4) var<storage, read> z: array<Panel>;
@group(0) @binding(5) var<storage, read_write> out: array<Panel>;
@group(0) @binding(6) var<storage, read_write> sums: array<f32>;

/// [k][four columns].
var<workgroup> w_tile: array<vec4<f32>, W_TILE>;
/// [k][four rows].
var<workgroup> x_tile: array<vec4<f32>, X_TILE>;

fn x_at(seed: u32, row: u32, k: u32) -> f32 {
    if row >= p.rows || k >= p.inner {
        return 0.0;
    }
    let value = f32(x[seed * p.x_seed + row * p.x_row + k]);
    if (p.flags & ACTIVATE_X) != 0u {
        return activate(value, p.operand_slopes);
    }
    return value;
}

fn w_at(seed: u32, k: u32, c: u32) -> f32 {
    if k >= p.inner || c >= p.columns {
        return 0.0;
    }
    var at = seed * p.w_seed + k * p.w_row + c;
    if p.source == SOURCE_TRANSPOSED {
        at = seed * p.w_seed + c * p.w_row + k;
    }
    let value = f32(w[at]);
    if (p.flags & ACTIVATE_W) != 0u {
        return activate(value, p.operand_slopes);
    }
    return value;
}

/// Four terms from k on of the four columns from c on, for one counter each, turned: one term's four columns at a time, since two
/// invocations may not write into one vector.
fn load_rows(seed: u32, four: u32, k: u32, first_k: u32, first_c: u32) {
    var columns = array<vec4<f32>, 4>();
    for (var n = 0u; n < 4u; n++) {
        let c = first_c + 4u * four + n;
        if c < p.columns {
            let group = (p.first_inner + first_k + k) / 4u;
            columns[n] = rounded(stream_normals(keys[seed], p.tag, p.first_column + c, group));
        }
    }
    for (var j = 0u; j < 4u; j++) {
        let live = first_k + k + j < p.inner;
        let value = vec4<f32>(columns[0][j], columns[1][j], columns[2][j], columns[3][j]);
        w_tile[(k + j) * THREADS_COLUMNS + four] = select(vec4<f32>(0.0), value, live);
    }
}

fn load_w(seed: u32, thread: u32, first_k: u32, first_c: u32) {
    let threads = THREADS_COLUMNS * THREADS_ROWS;
    if p.source == SOURCE_ROWS {
        for (var e = thread; e < W_TILE / 4u; e += threads) {
            load_rows(seed, e % THREADS_COLUMNS, 4u * (e / THREADS_COLUMNS), first_k, first_c);
        }
        return;
    }
    for (var e = thread; e < W_TILE; e += threads) {
        let k = e / THREADS_COLUMNS;
        let c = first_c + 4u * (e % THREADS_COLUMNS);
        if p.source == SOURCE_COLUMNS {
            let normals = rounded(stream_normals(keys[seed], p.tag, p.first_inner + first_k + k, (p.first_column + c) / 4u));
            let live = vec4<u32>(c, c + 1u, c + 2u, c + 3u) < vec4<u32>(p.columns);
            w_tile[e] = select(vec4<f32>(0.0), normals, live & vec4<bool>(first_k + k < p.inner));
        } else {
            let row = first_k + k;
            w_tile[e] = vec4<f32>(w_at(seed, row, c), w_at(seed, row, c + 1u), w_at(seed, row, c + 2u), w_at(seed, row, c + 3u));
        }
    }
}

fn load_x(seed: u32, thread: u32, first_k: u32, first_row: u32) {
    let threads = THREADS_COLUMNS * THREADS_ROWS;
    for (var e = thread; e < X_TILE; e += threads) {
        let k = e % INNER;
        let row = first_row + 4u * (e / INNER);
        let inner = first_k + k;
        x_tile[k * THREADS_ROWS + e / INNER] =
            vec4<f32>(x_at(seed, row, inner), x_at(seed, row + 1u, inner), x_at(seed, row + 2u, inner), x_at(seed, row + 3u, inner));
    }
}

fn out_index(seed: u32, row: u32, c: u32) -> u32 {
    return seed * p.out_seed + row * p.out_row + c;
}

/// What a sum starts from.
fn begin_one(seed: u32, row: u32, c: u32) -> f32 {
    if c >= p.columns {
        return 0.0;
    }
    return partial(out_index(seed, row, c));
}

/// What four of them start from.
fn begin(seed: u32, row: u32, c: u32) -> vec4<f32> {
    if (p.flags & ACCUMULATE) == 0u || row >= p.rows {
        return vec4<f32>(0.0);
    }
    return vec4<f32>(
        begin_one(seed, row, c),
        begin_one(seed, row, c + 1u),
        begin_one(seed, row, c + 2u),
        begin_one(seed, row, c + 3u),
    );
}

fn store(seed: u32, row: u32, c: u32, total: vec4<f32>) {
    if row >= p.rows {
        return;
    }
    for (var j = 0u; j < 4u; j++) {
        if c + j < p.columns {
            let at = out_index(seed, row, c + j);
            var value = total[j];
            if (p.flags & PARTIAL) != 0u {
                keep_partial(at, value);
                continue;
            }
            if (p.flags & DIFFERENTIATE) != 0u {
                value *= derivative(f32(z[seed * p.z_seed + (row / p.outputs) * p.z_row + c + j]), p.slopes);
            }
            out[at] = panel(value);
        }
    }
}

@compute @workgroup_size(THREADS_COLUMNS, THREADS_ROWS, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let seed = group.z;
    let thread = local.y * THREADS_COLUMNS + local.x;
    let first_row = 4u * group.y * THREADS_ROWS;
    let first_c = 4u * group.x * THREADS_COLUMNS;
    let row = first_row + 4u * local.y;
    let c = first_c + 4u * local.x;
    var sum_0 = begin(seed, row, c);
    var sum_1 = begin(seed, row + 1u, c);
    var sum_2 = begin(seed, row + 2u, c);
    var sum_3 = begin(seed, row + 3u, c);
    for (var k = 0u; k < p.inner; k += INNER) {
        load_w(seed, thread, k, first_c);
        load_x(seed, thread, k, first_row);
        workgroupBarrier();
        var part_0 = vec4<f32>(0.0);
        var part_1 = vec4<f32>(0.0);
        var part_2 = vec4<f32>(0.0);
        var part_3 = vec4<f32>(0.0);
        for (var i = 0u; i < INNER; i++) {
            let weights = w_tile[i * THREADS_COLUMNS + local.x];
            let points = x_tile[i * THREADS_ROWS + local.y];
            part_0 = fma(vec4<f32>(points.x), weights, part_0);
            part_1 = fma(vec4<f32>(points.y), weights, part_1);
            part_2 = fma(vec4<f32>(points.z), weights, part_2);
            part_3 = fma(vec4<f32>(points.w), weights, part_3);
        }
        sum_0 += part_0;
        sum_1 += part_1;
        sum_2 += part_2;
        sum_3 += part_3;
        workgroupBarrier();
    }
    store(seed, row, c, sum_0);
    store(seed, row + 1u, c, sum_1);
    store(seed, row + 2u, c, sum_2);
    store(seed, row + 3u, c, sum_3);
}
