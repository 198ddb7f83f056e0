// The statistics of kernels against their limit, two workgroups for the kernel of a seed.
//
//   y = 0   K/n            λ_min, λ_max, trace
//   y = 1   K/n − K∞/n ⊗ I  largest |λ|, Frobenius norm, largest entry
//
// A matrix is divided by its largest entry first, so that squares neither overflow nor vanish. What is no number, or does not
// converge, gives no number.
//
// Twin: stats::deviation::Reference::measure
//
// Bindings: 0 p, uniform · 1 kernel [seed][row][column], read · 2 limit [i][j] and then 1/n, read
//           3 results [seed][RESULTS], by the names of passes/spectrum.rs, write · 4 of common/square_storage.wgsl
// Dispatch: x seeds, y the two matrices. Random numbers: none. Barriers: those of common/jacobi.wgsl and five around it.

struct Spectrum {
    size: u32,
    points: u32,
    outputs: u32,
    zero: u32,
    tiny: f32,
    pad_0: u32,
    pad_1: u32,
    pad_2: u32,
}

@group(0) @binding(0) var<uniform> p: Spectrum;
@group(0) @binding(1) var<storage, read> kernel: array<Real>;
@group(0) @binding(2) var<storage, read> limit: array<Real>;
@group(0) @binding(3) var<storage, read_write> results: array<Real>;

override ROWS: u32 = 16u;

/// Of each row the largest entry, then the sum of squares.
var<workgroup> of_rows: array<Real, ROWS>;
var<workgroup> broken: atomic<u32>;

/// No vectors are wanted.
fn rotate_vectors(thread: u32, round: u32) {}

/// The entry of the matrix of this workgroup, before it is divided.
fn entry(seed: u32, deviation: bool, row: u32, column: u32) -> Real {
    let value = real_mul(kernel[(seed * p.size + row) * p.size + column], limit[p.points * p.points]);
    if deviation && row % p.outputs == column % p.outputs {
        return real_sub(value, limit[(row / p.outputs) * p.points + column / p.outputs]);
    }
    return value;
}

@compute @workgroup_size(THREADS, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    real_begin(p.zero);
    square_begin(2u * group.x + group.y);
    let seed = group.x;
    let deviation = group.y == 1u;
    if thread == 0u {
        atomicStore(&broken, 0u);
    }
    workgroupBarrier();
    for (var row = thread; row < ROWS; row += THREADS) {
        var most = real(0.0);
        for (var column = 0u; column < select(0u, p.size, row < p.size); column++) {
            let value = entry(seed, deviation, row, column);
            if !is_number(value) {
                atomicStore(&broken, 1u);
            }
            if real_above(real_abs(value), most) {
                most = real_abs(value);
            }
        }
        of_rows[row] = most;
    }
    workgroupBarrier();
    var most = real(0.0);
    for (var row = 0u; row < p.size; row++) {
        if real_above(of_rows[row], most) {
            most = of_rows[row];
        }
    }
    workgroupBarrier();
    var inverse = real(0.0);
    if real_above(most, real(0.0)) {
        inverse = real_div(real(1.0), most);
    }
    for (var row = thread; row < ROWS; row += THREADS) {
        var squares = real(0.0);
        for (var column = 0u; column < ROWS; column++) {
            var value = real(0.0);
            if max(row, column) < p.size {
                value = real_mul(entry(seed, deviation, row, column), inverse);
            }
            squares = real_add(squares, real_mul(value, value));
            a_set(a_at(row, column), value);
        }
        of_rows[row] = squares;
    }
    workgroupBarrier();
    var squares = real(0.0);
    var trace = real(0.0);
    if thread == 0u {
        for (var row = 0u; row < p.size; row++) {
            squares = real_add(squares, of_rows[row]);
            trace = real_add(trace, entry(seed, deviation, row, row));
        }
    }
    if !jacobi(thread, real(p.tiny)) {
        atomicStore(&broken, 1u);
    }
    square_barrier();
    if thread != 0u {
        return;
    }
    var least = a_get(a_at(0u, 0u));
    var greatest = least;
    for (var row = 1u; row < p.size; row++) {
        let value = a_get(a_at(row, row));
        if real_above(least, value) {
            least = value;
        }
        if real_above(value, greatest) {
            greatest = value;
        }
    }
    least = real_mul(least, most);
    greatest = real_mul(greatest, most);
    var found = array<Real, 3>(least, greatest, trace);
    if deviation {
        var op = real_abs(least);
        if real_above(real_abs(greatest), op) {
            op = real_abs(greatest);
        }
        found = array<Real, 3>(op, real_mul(most, real_sqrt(squares)), most);
    }
    if atomicLoad(&broken) != 0u {
        let none = real(bitcast<f32>(0x7fc00000u | p.zero));
        found = array<Real, 3>(none, none, none);
    }
    let first = RESULTS * seed;
    if deviation {
        results[first + DEVIATION_OP] = found[0];
        results[first + DEVIATION_FRO] = found[1];
        results[first + DEVIATION_MAX] = found[2];
    } else {
        results[first + LAMBDA_MIN] = found[0];
        results[first + LAMBDA_MAX] = found[1];
        results[first + TRACE] = found[2];
    }
}
