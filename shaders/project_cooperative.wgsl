// The large products of the direct sampler in f16, on cooperative matrices (tensor cores), for many seeds.
//
//   out[i][c] = Σ_k X[i][k]·W[k][c],   then (·) φ′(z)/(σ√m) where asked,   or in f32 into `sums`, or on from there
//
//   Z_k = A_{k−1}·W_kᵀ        X = φ(Z_{k−1}),       W drawn: row c, column k, or a matrix
//   U_k = B_{k+1}·W_{k+1}     X = B_{k+1},          W drawn: row k, column c, or a matrix
//
// X enters as slope/largest slope·x, rounded, and the sum is multiplied by the largest slope, which comes as
// operand_slopes.w: for slopes of one size (|s|, ReLU, identity, B) the rounding is none. Sums are f32, in the order of the
// device. Same block and bindings as project.wgsl, which does what this leaves out: X in f32, and φ of W.
//
// Twin: project.wgsl
//
// Bindings: 0 p, uniform · 1 keys [seed], read · 2 x [seed][row][k], read · 3 w [seed][..], read
//           4 z [seed][point][c], read · 5 out [seed][row][c], write · 6 sums as out, read and write
// Dispatch: x tiles of 2·TILE·SUBGROUPS columns, y tiles of 4·TILE rows, z seeds; a workgroup is that many whole subgroups, each
//           has 4 × 2 tiles. Rows, columns and k beyond the ends are loaded as 0 and not written.
// Random numbers: tag of the block, rows and columns as above, one counter for four columns.
// Barriers: two a round of the loop over k, two a row of tiles at the end; all bounds are uniform.

override SUBGROUPS: u32 = 4u;
override WORKGROUP: u32 = 128u;
override W_TILE: u32 = 2048u;
override X_TILE: u32 = 1024u;
override STAGE: u32 = 2048u;

const INNER: u32 = 16u;

const SOURCE_ROWS: u32 = 0u;
const SOURCE_COLUMNS: u32 = 1u;
const SOURCE_TRANSPOSED: u32 = 3u;

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

/// [k][column].
var<workgroup> w_tile: array<Panel, W_TILE>;
/// [row][k].
var<workgroup> x_tile: array<Panel, X_TILE>;
/// [row][column] of one row of tiles.
var<workgroup> stage: array<f32, STAGE>;

fn columns_of_group() -> u32 {
    return 2u * TILE * SUBGROUPS;
}

fn w_at(seed: u32, k: u32, c: u32) -> Panel {
    if k >= p.inner || c >= p.columns {
        return Panel(0.0);
    }
    if p.source == SOURCE_TRANSPOSED {
        return w[seed * p.w_seed + c * p.w_row + k];
    }
    return w[seed * p.w_seed + k * p.w_row + c];
}

fn load_w(seed: u32, thread: u32, first_k: u32, first_c: u32) {
    let columns = columns_of_group();
    let drawn = p.source == SOURCE_ROWS || p.source == SOURCE_COLUMNS;
    for (var e = thread; e < W_TILE / 4u; e += WORKGROUP) {
        // Four entries of one counter: of one column, or of one row.
        let along_k = p.source == SOURCE_ROWS;
        let c = select(4u * (e % (columns / 4u)), e % columns, along_k);
        let k = select(e / (columns / 4u), 4u * (e / columns), along_k);
        var normals = vec4<f32>(0.0);
        if drawn {
            let row = select(p.first_inner + first_k + k, p.first_column + first_c + c, along_k);
            let column = select(p.first_column + first_c + c, p.first_inner + first_k + k, along_k);
            normals = rounded(stream_normals(keys[seed], p.tag, row, column / 4u));
        }
        for (var j = 0u; j < 4u; j++) {
            let own_k = select(k, k + j, along_k);
            let own_c = select(c + j, c, along_k);
            var value = Panel(0.0);
            if !drawn {
                value = w_at(seed, first_k + own_k, first_c + own_c);
            } else if first_k + own_k < p.inner && first_c + own_c < p.columns {
                value = Panel(normals[j]);
            }
            w_tile[own_k * columns + own_c] = value;
        }
    }
}

fn load_x(seed: u32, thread: u32, first_k: u32, first_row: u32) {
    for (var e = thread; e < X_TILE; e += WORKGROUP) {
        let row = first_row + e / INNER;
        let k = first_k + e % INNER;
        var value = Panel(0.0);
        if row < p.rows && k < p.inner {
            value = panel(activate(f32(x[seed * p.x_seed + row * p.x_row + k]), p.operand_slopes));
        }
        x_tile[e] = value;
    }
}

/// Writes what is staged of one row of tiles.
fn store(seed: u32, thread: u32, first_row: u32, first_c: u32) {
    let columns = columns_of_group();
    for (var e = thread; e < STAGE; e += WORKGROUP) {
        let row = first_row + e / columns;
        let c = first_c + e % columns;
        if row < p.rows && c < p.columns {
            let at = seed * p.out_seed + row * p.out_row + c;
            var value = p.operand_slopes.w * stage[e];
            if (p.flags & ACCUMULATE) != 0u {
                value += partial(at);
            }
            if (p.flags & PARTIAL) != 0u {
                keep_partial(at, value);
                continue;
            }
            if (p.flags & DIFFERENTIATE) != 0u {
                value *= derivative(f32(z[seed * p.z_seed + (row / p.outputs) * p.z_row + c]), p.slopes);
            }
            out[at] = panel(value);
        }
    }
}

/// Puts two tiles of a subgroup side by side into the stage.
fn stage_pair(left: TileSum, right: TileSum, at: u32) {
    let columns = columns_of_group();
    let first = &stage[at];
    coopStoreT(left, first, columns);
    let second = &stage[at + TILE];
    coopStoreT(right, second, columns);
}

@compute @workgroup_size(WORKGROUP, 1, 1)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
    @builtin(subgroup_id) subgroup: u32,
) {
    let seed = group.z;
    let columns = columns_of_group();
    let first_row = 4u * TILE * group.y;
    let first_c = columns * group.x;
    let own_c = 2u * TILE * subgroup;
    var sum_0 = TileSum();
    var sum_1 = TileSum();
    var sum_2 = TileSum();
    var sum_3 = TileSum();
    var sum_4 = TileSum();
    var sum_5 = TileSum();
    var sum_6 = TileSum();
    var sum_7 = TileSum();
    for (var k = 0u; k < p.inner; k += INNER) {
        load_w(seed, thread, k, first_c);
        load_x(seed, thread, k, first_row);
        workgroupBarrier();
        for (var i = 0u; i < INNER; i += TILE) {
            let left = coopLoadT<TileW>(&w_tile[i * columns + own_c], columns);
            let right = coopLoadT<TileW>(&w_tile[i * columns + own_c + TILE], columns);
            let row_0 = coopLoadT<TileX>(&x_tile[i], INNER);
            sum_0 = coopMultiplyAdd(row_0, left, sum_0);
            sum_1 = coopMultiplyAdd(row_0, right, sum_1);
            let row_1 = coopLoadT<TileX>(&x_tile[TILE * INNER + i], INNER);
            sum_2 = coopMultiplyAdd(row_1, left, sum_2);
            sum_3 = coopMultiplyAdd(row_1, right, sum_3);
            let row_2 = coopLoadT<TileX>(&x_tile[2u * TILE * INNER + i], INNER);
            sum_4 = coopMultiplyAdd(row_2, left, sum_4);
            sum_5 = coopMultiplyAdd(row_2, right, sum_5);
            let row_3 = coopLoadT<TileX>(&x_tile[3u * TILE * INNER + i], INNER);
            sum_6 = coopMultiplyAdd(row_3, left, sum_6);
            sum_7 = coopMultiplyAdd(row_3, right, sum_7);
        }
        workgroupBarrier();
    }
    stage_pair(sum_0, sum_1, own_c);
    workgroupBarrier();
    store(seed, thread, first_row, first_c);
    workgroupBarrier();
    stage_pair(sum_2, sum_3, own_c);
    workgroupBarrier();
    store(seed, thread, first_row + TILE, first_c);
    workgroupBarrier();
    stage_pair(sum_4, sum_5, own_c);
    workgroupBarrier();
    store(seed, thread, first_row + 2u * TILE, first_c);
    workgroupBarrier();
    stage_pair(sum_6, sum_7, own_c);
    workgroupBarrier();
    store(seed, thread, first_row + 3u * TILE, first_c);
}
