// Eigenvalues of one symmetric matrix by a workgroup: Jacobi rotations of disjoint pairs, all pairs once a sweep.
//
//   θ = (a_qq − a_pp)/(2 a_pq),  t = sign θ/(|θ| + √(1+θ²)),  c = 1/√(1+t²),  s = t·c
//   a_pp −= t·a_pq,  a_qq += t·a_pq,  a_pq = 0;  every other pair of rows and of columns (x, y) → (c·x − s·y, s·x + c·y)
//
// The matrix has 2·HALF rows, the last one empty where the size is odd: an empty row is never turned. A round takes the HALF
// pairs of the circle method (one place stands still, the others walk round), 2·HALF − 1 rounds make a sweep, and sweeps go
// on until no entry off the diagonal is above `tiny`; convergence is quadratic: 8 or 9 sweeps for 32 rows, 9 or 10 for 64, the last of which
// turns nothing.
// Brent and Luk, The solution of singular-value and symmetric eigenvalue problems on multiprocessor arrays (1985).
//
// Needs common/real_*.wgsl and common/square_*.wgsl, and of the shader itself `rotate_vectors(thread, round)`, which does to
// the eigenvectors what it wants done.
// Twin: math::linalg::eigen
// No bindings. Barriers: two a round and three a sweep; the bounds of the loops are uniform.

override THREADS: u32 = 128u;
override HALF: u32 = 8u;

/// A finite matrix takes far fewer.
const SWEEPS: u32 = 40u;

var<workgroup> cosines: array<Real, HALF>;
var<workgroup> sines: array<Real, HALF>;
/// Pairs that were turned in this sweep.
var<workgroup> turned: array<u32, HALF>;
var<workgroup> go_on: u32;

/// Index of an entry of A. A round reads and writes it along anti-diagonals, for which rows as long as the matrix lie best: on 32
/// banks of workgroup memory a round of 32 rows takes 175 cycles, and 582 where rows are one longer.
fn a_at(i: u32, j: u32) -> u32 {
    return i * 2u * HALF + j;
}

/// Index of an entry of V. Rows are one longer than the matrix, so that a column, which V is read by in the end, lies in
/// different banks; a round takes as long either way.
fn v_at(i: u32, j: u32) -> u32 {
    return i * (2u * HALF + 1u) + j;
}

/// The pair of rows p < q that has this place in a round.
fn pair_of(round: u32, place: u32) -> vec2<u32> {
    let last = 2u * HALF - 1u;
    let p = (round + place) % last;
    let q = select((round + last - place) % last, last, place == 0u);
    return vec2<u32>(min(p, q), max(p, q));
}

/// Cosine and sine of every pair of a round, and the diagonal after it.
fn find_rotations(thread: u32, round: u32, tiny: Real) {
    for (var place = thread; place < HALF; place += THREADS) {
        let pair = pair_of(round, place);
        let off = a_get(a_at(pair.x, pair.y));
        var c = real(1.0);
        var s = real(0.0);
        if real_above(real_abs(off), tiny) {
            let first = a_get(a_at(pair.x, pair.x));
            let second = a_get(a_at(pair.y, pair.y));
            let theta = real_div(real_sub(second, first), real_add(off, off));
            let size = real_add(real_abs(theta), real_sqrt(real_add(real(1.0), real_mul(theta, theta))));
            var t = real_div(real(1.0), size);
            if real_above(real(0.0), theta) {
                t = -t;
            }
            c = real_div(real(1.0), real_sqrt(real_add(real(1.0), real_mul(t, t))));
            s = real_mul(t, c);
            let shift = real_mul(t, off);
            a_set(a_at(pair.x, pair.x), real_sub(first, shift));
            a_set(a_at(pair.y, pair.y), real_add(second, shift));
            a_set(a_at(pair.x, pair.y), real(0.0));
            a_set(a_at(pair.y, pair.x), real(0.0));
            turned[place] = 1u;
        }
        cosines[place] = c;
        sines[place] = s;
    }
}

/// c·x − s·y.
fn turn_first(c: Real, s: Real, x: Real, y: Real) -> Real {
    return real_sub(real_mul(c, x), real_mul(s, y));
}

/// s·x + c·y.
fn turn_second(c: Real, s: Real, x: Real, y: Real) -> Real {
    return real_add(real_mul(s, x), real_mul(c, y));
}

/// Both sides of every block of two rows and two columns off the diagonal.
fn rotate_blocks(thread: u32, round: u32) {
    for (var task = thread; task < HALF * (HALF - 1u) / 2u; task += THREADS) {
        // Every unordered pair of places once: a place and one of those up to half the circle ahead.
        let one = task % HALF;
        let other = (one + 1u + task / HALF) % HALF;
        let a = pair_of(round, one);
        let b = pair_of(round, other);
        let c = cosines[one];
        let s = sines[one];
        let x = a_get(a_at(a.x, b.x));
        let y = a_get(a_at(a.x, b.y));
        let z = a_get(a_at(a.y, b.x));
        let w = a_get(a_at(a.y, b.y));
        let upper_left = turn_first(c, s, x, z);
        let upper_right = turn_first(c, s, y, w);
        let lower_left = turn_second(c, s, x, z);
        let lower_right = turn_second(c, s, y, w);
        let d = cosines[other];
        let t = sines[other];
        let xx = turn_first(d, t, upper_left, upper_right);
        let yy = turn_second(d, t, upper_left, upper_right);
        let zz = turn_first(d, t, lower_left, lower_right);
        let ww = turn_second(d, t, lower_left, lower_right);
        a_set(a_at(a.x, b.x), xx);
        a_set(a_at(b.x, a.x), xx);
        a_set(a_at(a.x, b.y), yy);
        a_set(a_at(b.y, a.x), yy);
        a_set(a_at(a.y, b.x), zz);
        a_set(a_at(b.x, a.y), zz);
        a_set(a_at(a.y, b.y), ww);
        a_set(a_at(b.y, a.y), ww);
    }
}

/// Turns the matrix until its diagonal holds the eigenvalues; false where it does not converge.
fn jacobi(thread: u32, tiny: Real) -> bool {
    for (var sweep = 0u; sweep < SWEEPS; sweep++) {
        for (var place = thread; place < HALF; place += THREADS) {
            turned[place] = 0u;
        }
        square_barrier();
        for (var round = 0u; round < 2u * HALF - 1u; round++) {
            find_rotations(thread, round, tiny);
            square_barrier();
            rotate_blocks(thread, round);
            rotate_vectors(thread, round);
            square_barrier();
        }
        if thread == 0u {
            var any = 0u;
            for (var place = 0u; place < HALF; place++) {
                any |= turned[place];
            }
            go_on = any;
        }
        // A barrier of its own.
        if workgroupUniformLoad(&go_on) == 0u {
            return true;
        }
    }
    return false;
}

/// Whether a number is one: neither infinite nor none, read from the exponent since a compiler may assume that it is.
fn is_number(x: Real) -> bool {
    return (bitcast<u32>(real_round(x)) & 0x7f800000u) != 0x7f800000u;
}
