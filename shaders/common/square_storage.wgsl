// The matrix of a workgroup and its eigenvectors in storage, where workgroup memory is too small.
// The numbers are those of its twin.
// Twin: common/square_workgroup.wgsl
//
// Bindings: 4 work [matrix][A, V][AREA], read and write.

override AREA: u32 = 272u;

@group(0) @binding(4) var<storage, read_write> work: array<Real>;

var<private> square_first: u32;

/// The workgroup has the matrix of this index.
fn square_begin(index: u32) {
    square_first = index * 2u * AREA;
}

fn a_get(at: u32) -> Real {
    return work[square_first + at];
}

fn a_set(at: u32, value: Real) {
    work[square_first + at] = value;
}

fn v_get(at: u32) -> Real {
    return work[square_first + AREA + at];
}

fn v_set(at: u32, value: Real) {
    work[square_first + AREA + at] = value;
}

/// What was written before is seen by the whole workgroup after it.
fn square_barrier() {
    storageBarrier();
    workgroupBarrier();
}
