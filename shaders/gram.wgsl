// Sums over neurons, for many seeds: the Gram and cross matrices of both samplers, one partial sum for 256 neurons.
//
//   partials[part][i][j] = Σ_r X[i][r]·Y[j][r],   r over the neurons of the part
//
//   C = A·Aᵀ      X = Y = φ(Z)                       E = A·H           X = φ(Z), Y drawn: row r, column j
//   N = A·W_lᵀ    X = φ(Z), Y drawn: row j, column r, or a matrix
//   B·Bᵀ          X = Y = B                          Mᵀ = B·G          X = B,    Y drawn: row r, column j
//
// Panels and deviates are f32 or f16 (common/panel_*.wgsl), products f32. B lies in f16 as B·2^e and is read with the slope 2^−e.
// The small matrices decide how far two devices agree at depth, hence the sums of common/sum_*.wgsl, in the order of the neurons. A part is a fixed set of neurons, so neither the batch nor the split of a layer moves a bit.
//
// Twin: backend::cpu::product::gram
//
// Bindings: 0 p, uniform · 1 keys [seed], read · 2 x [seed][i][r], read · 3 y [seed][j][r], read
//           4 partials [seed][part][i][j], write
// Dispatch: x PARTS parts at a time, y tiles of 4·THREADS rows by 4·THREADS columns, z seeds. With SYMMETRIC tiles above the
//           diagonal are left out: their entries are whatever they were.
// Random numbers: tag of the block, rows and columns as above, one counter for four columns.
// Barriers: two a chunk of 16 neurons; every part of a workgroup runs as many chunks as its first.

override THREADS: u32 = 8u;
override PARTS: u32 = 2u;
override TILE: u32 = 256u;

const PART: u32 = 256u;
const CHUNK: u32 = 16u;

const SOURCE_ROWS: u32 = 0u;
const SOURCE_COLUMNS: u32 = 1u;
const SOURCE_MATRIX: u32 = 2u;

const ACTIVATE_X: u32 = 1u;
const ACTIVATE_Y: u32 = 2u;
const SYMMETRIC: u32 = 4u;

struct Gram {
    rows_x: u32,
    rows_y: u32,
    columns: u32,
    parts: u32,
    first_x: u32,
    first_y: u32,
    first_column: u32,
    source: u32,
    flags: u32,
    tag: u32,
    x_seed: u32,
    x_row: u32,
    y_seed: u32,
    y_row: u32,
    tiles_y: u32,
    zero: u32,
    slopes: vec4<f32>,
}

@group(0) @binding(0) var<uniform> p: Gram;
@group(0) @binding(1) var<storage, read> keys: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> x: array<Panel>;
@group(0) @binding(3) var<storage, read> y: array<Panel>;
@group(0) @binding(4) var<storage, read_write> partials: array<Stored>;

/// [part][neuron][four rows].
var<workgroup> x_tile: array<vec4<Term>, TILE>;
var<workgroup> y_tile: array<vec4<Term>, TILE>;

/// First entry of each tile that the invocation reads.
struct Tile { x: u32, y: u32 }

fn left(tile: Tile, k: u32) -> vec4<Term> {
    return x_tile[tile.x + k * THREADS];
}

fn right(tile: Tile, k: u32) -> vec4<Term> {
    return y_tile[tile.y + k * THREADS];
}

fn x_at(seed: u32, i: u32, r: u32) -> f32 {
    if i >= p.rows_x || r >= p.columns {
        return 0.0;
    }
    let value = f32(x[seed * p.x_seed + (p.first_x + i) * p.x_row + r]);
    if (p.flags & ACTIVATE_X) != 0u {
        return activate(value, p.slopes);
    }
    return value;
}

fn y_at(seed: u32, j: u32, r: u32) -> f32 {
    if j >= p.rows_y || r >= p.columns {
        return 0.0;
    }
    let value = f32(y[seed * p.y_seed + (p.first_y + j) * p.y_row + r]);
    if (p.flags & ACTIVATE_Y) != 0u {
        return activate(value, p.slopes);
    }
    return value;
}

/// Four rows from i of the neuron r.
fn load_y(seed: u32, j: u32, r: u32) -> vec4<f32> {
    if p.source == SOURCE_ROWS {
        let normals = rounded(stream_normals(keys[seed], p.tag, p.first_column + r, (p.first_y + j) / 4u));
        let live = vec4<u32>(j, j + 1u, j + 2u, j + 3u) < vec4<u32>(p.rows_y);
        return select(vec4<f32>(0.0), normals, live & vec4<bool>(r < p.columns));
    }
    return vec4<f32>(y_at(seed, j, r), y_at(seed, j + 1u, r), y_at(seed, j + 2u, r), y_at(seed, j + 3u, r));
}

/// Rows 4·four … 4·four+3 of the neurons from k on for one counter each, turned: one neuron's four rows at a time, since two
/// invocations may not write into one vector.
fn load_columns(seed: u32, base: u32, four: u32, k: u32, first_j: u32, first_r: u32) {
    var rows = array<vec4<f32>, 4>();
    for (var n = 0u; n < 4u; n++) {
        let j = first_j + 4u * four + n;
        if j < p.rows_y {
            rows[n] = rounded(stream_normals(keys[seed], p.tag, p.first_y + j, (p.first_column + first_r + k) / 4u));
        }
    }
    for (var n = 0u; n < 4u; n++) {
        let live = first_r + k + n < p.columns;
        let value = vec4<f32>(rows[0][n], rows[1][n], rows[2][n], rows[3][n]);
        y_tile[base + (k + n) * THREADS + four] = terms(select(vec4<f32>(0.0), value, live));
    }
}

fn load(seed: u32, thread: u32, part: u32, first_i: u32, first_j: u32, first_r: u32) {
    let base = part * CHUNK * THREADS;
    for (var e = thread; e < CHUNK * THREADS; e += THREADS * THREADS) {
        let k = e % CHUNK;
        let four = e / CHUNK;
        let r = first_r + k;
        let i = first_i + 4u * four;
        x_tile[base + k * THREADS + four] =
            terms(vec4<f32>(x_at(seed, i, r), x_at(seed, i + 1u, r), x_at(seed, i + 2u, r), x_at(seed, i + 3u, r)));
        if p.source != SOURCE_COLUMNS {
            y_tile[base + k * THREADS + four] = terms(load_y(seed, first_j + 4u * four, r));
        } else if k % 4u == 0u {
            load_columns(seed, base, four, k, first_j, first_r);
        }
    }
}

fn store(seed: u32, part: u32, i: u32, j: u32, sum: Sum) {
    if part >= p.parts || i >= p.rows_x {
        return;
    }
    for (var n = 0u; n < 4u; n++) {
        if j + n < p.rows_y {
            partials[((seed * p.parts + part) * p.rows_x + i) * p.rows_y + j + n] = sum_entry(sum, n);
        }
    }
}

@compute @workgroup_size(THREADS, THREADS, PARTS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let seed = group.z;
    let first_i = 4u * THREADS * (group.y / p.tiles_y);
    let first_j = 4u * THREADS * (group.y % p.tiles_y);
    if (p.flags & SYMMETRIC) != 0u && p.first_y + first_j >= p.first_x + first_i + 4u * THREADS {
        return;
    }
    let part = group.x * PARTS + local.z;
    let thread = local.y * THREADS + local.x;
    let base = local.z * CHUNK * THREADS;
    let tile = Tile(base + local.y, base + local.x);
    var sums = TileSums();
    // Nothing is left beyond the last neuron; the bound is that of the first part, so that it is uniform.
    let live = min(PART, p.columns - group.x * PARTS * PART);
    for (var chunk = 0u; chunk < live; chunk += CHUNK) {
        load(seed, thread, local.z, first_i, first_j, part * PART + chunk);
        workgroupBarrier();
        sums = add_chunk(sums, tile, p.zero);
        workgroupBarrier();
    }
    let i = first_i + 4u * local.y;
    let j = first_j + 4u * local.x;
    store(seed, part, i, j, sums.row_0);
    store(seed, part, i + 1u, j, sums.row_1);
    store(seed, part, i + 2u, j, sums.row_2);
    store(seed, part, i + 3u, j, sums.row_3);
}
