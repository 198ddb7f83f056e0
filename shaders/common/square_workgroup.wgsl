// The matrix of a workgroup and its eigenvectors in workgroup memory, where both fit.
//
// Entries have the indices that `a_at` and `v_at` of common/jacobi.wgsl give. No bindings.
// Twin: common/square_storage.wgsl

override AREA: u32 = 272u;

var<workgroup> square_a: array<Real, AREA>;
var<workgroup> square_v: array<Real, AREA>;

/// `index` of the matrix is of no use here.
fn square_begin(index: u32) {}

fn a_get(at: u32) -> Real {
    return square_a[at];
}

fn a_set(at: u32, value: Real) {
    square_a[at] = value;
}

fn v_get(at: u32) -> Real {
    return square_v[at];
}

fn v_set(at: u32, value: Real) {
    square_v[at] = value;
}

/// What was written before is seen by the whole workgroup after it.
fn square_barrier() {
    workgroupBarrier();
}
