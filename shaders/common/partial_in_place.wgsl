// Sums that a later dispatch goes on from lie where the result will be: panels are f32.
//
// The other form is common/partial_beside.wgsl. Uses the binding `out`. No barriers.
// Twin: backend::gpu::passes::project::record

fn partial(at: u32) -> f32 {
    return out[at];
}

fn keep_partial(at: u32, sum: f32) {
    out[at] = sum;
}
