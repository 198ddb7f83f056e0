// Sums that a later dispatch goes on from stay f32, beside the panel of the result, which is rounded once.
//
// The other form is common/partial_in_place.wgsl. Uses the binding `sums`. No barriers.
// Twin: backend::gpu::passes::project::record

fn partial(at: u32) -> f32 {
    return sums[at];
}

fn keep_partial(at: u32, sum: f32) {
    sums[at] = sum;
}
