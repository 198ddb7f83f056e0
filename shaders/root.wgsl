// Square roots of Gram matrices that reveal rank, one workgroup for the matrix of a seed.
//
//   C = D E D with unit diagonal E;   E = V λ Vᵀ;   S = E^½ D,  S⁺ = D⁻¹ E^(−½);   SᵀS = C
//
// Eigenvalues of E up to `cut`·λ_max + `floor` count as zero. A zero on the diagonal of C gives exactly zero rows and columns.
// What is no number in C, or does not converge, gives no number anywhere.
//
// Twin: math::root::root
//
// Bindings: 0 p, uniform · 1 gram [seed][i][j], lower triangle, read · 2 half [seed][i][j], write
//           3 pseudo [seed][i][j], write · 4 of common/square_storage.wgsl
// Dispatch: x seeds. Random numbers: none. Barriers: those of common/jacobi.wgsl and four around it.

struct RootBlock {
    size: u32,
    zero: u32,
    tiny: f32,
    cut: f32,
    floor: f32,
    pad_0: u32,
    pad_1: u32,
    pad_2: u32,
}

@group(0) @binding(0) var<uniform> p: RootBlock;
@group(0) @binding(1) var<storage, read> gram: array<Real>;
@group(0) @binding(2) var<storage, read_write> half: array<Real>;
@group(0) @binding(3) var<storage, read_write> pseudo: array<Real>;

override ROWS: u32 = 16u;

/// D and D⁻¹.
var<workgroup> scales: array<Real, ROWS>;
var<workgroup> inverses: array<Real, ROWS>;
/// λ^½ and λ^(−½), 0 below the cut.
var<workgroup> roots: array<Real, ROWS>;
var<workgroup> inverse_roots: array<Real, ROWS>;
var<workgroup> broken: atomic<u32>;

fn rotate_vectors(thread: u32, round: u32) {
    for (var task = thread; task < p.size * HALF; task += THREADS) {
        let place = task % HALF;
        let pair = pair_of(round, place);
        let first = v_at(task / HALF, pair.x);
        let second = v_at(task / HALF, pair.y);
        let x = v_get(first);
        let y = v_get(second);
        v_set(first, turn_first(cosines[place], sines[place], x, y));
        v_set(second, turn_second(cosines[place], sines[place], x, y));
    }
}

/// D, D⁻¹, E and V = I.
fn load(thread: u32, first: u32) {
    for (var i = thread; i < ROWS; i += THREADS) {
        scales[i] = real(0.0);
        inverses[i] = real(0.0);
        if i < p.size {
            let diagonal = gram[first + i * p.size + i];
            if real_above(diagonal, real(0.0)) {
                scales[i] = real_sqrt(diagonal);
                inverses[i] = real_div(real(1.0), scales[i]);
            }
        }
    }
    workgroupBarrier();
    for (var e = thread; e < ROWS * ROWS; e += THREADS) {
        let i = e / ROWS;
        let j = e % ROWS;
        var value = real(0.0);
        if max(i, j) < p.size {
            let entry = gram[first + max(i, j) * p.size + min(i, j)];
            if !is_number(entry) {
                atomicStore(&broken, 1u);
            }
            value = real_mul(real_mul(entry, inverses[max(i, j)]), inverses[min(i, j)]);
        }
        a_set(a_at(i, j), value);
        v_set(v_at(i, j), real(select(0.0, 1.0, i == j)));
    }
}

/// λ^½ and λ^(−½) of what counts.
fn powers(thread: u32) {
    for (var k = thread; k < ROWS; k += THREADS) {
        var most = real(0.0);
        for (var other = 0u; other < p.size; other++) {
            let value = a_get(a_at(other, other));
            if real_above(value, most) {
                most = value;
            }
        }
        let value = a_get(a_at(k, k));
        roots[k] = real(0.0);
        inverse_roots[k] = real(0.0);
        if k < p.size && real_above(value, real_add(real_mul(real(p.cut), most), real(p.floor))) {
            roots[k] = real_sqrt(value);
            inverse_roots[k] = real_div(real(1.0), roots[k]);
        }
    }
}

@compute @workgroup_size(THREADS, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    real_begin(p.zero);
    square_begin(group.x);
    let first = group.x * p.size * p.size;
    if thread == 0u {
        atomicStore(&broken, 0u);
    }
    workgroupBarrier();
    load(thread, first);
    if !jacobi(thread, real(p.tiny)) {
        atomicStore(&broken, 1u);
    }
    square_barrier();
    powers(thread);
    workgroupBarrier();
    let none = real(bitcast<f32>(0x7fc00000u | p.zero));
    let whole = atomicLoad(&broken) == 0u;
    for (var e = thread; e < p.size * p.size; e += THREADS) {
        let i = e / p.size;
        let j = e % p.size;
        var sum = real(0.0);
        var inverse_sum = real(0.0);
        for (var k = 0u; k < p.size; k++) {
            let product = real_mul(v_get(v_at(i, k)), v_get(v_at(j, k)));
            sum = real_add(sum, real_mul(product, roots[k]));
            inverse_sum = real_add(inverse_sum, real_mul(product, inverse_roots[k]));
        }
        // A zero row of C is never turned: its vector is one of the basis, its eigenvalue 0, and the sums are exactly 0.
        var s = real_mul(sum, scales[j]);
        var s_inverse = real_mul(inverses[i], inverse_sum);
        if !whole {
            s = none;
            s_inverse = none;
        }
        half[first + e] = s;
        pseudo[first + e] = s_inverse;
    }
}
