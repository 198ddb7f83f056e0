// The partial sums of gram.wgsl, added in the order of the neurons.
//
//   totals[e] (+)= Σ_part partials[part][e]
//
// A layer that is split goes on from the total of what came before, so that the split moves no bit.
//
// Twin: backend::cpu::room::add
//
// Bindings: 0 p, uniform · 1 partials [seed][part][entry], read · 2 totals [seed][entry], read and write
// Dispatch: x workgroups of WORKGROUP entries, z seeds; entries beyond the end are left out.
// Random numbers: none. Barriers: none.

override WORKGROUP: u32 = 64u;

struct Reduce {
    entries: u32,
    parts: u32,
    accumulate: u32,
    zero: u32,
}

@group(0) @binding(0) var<uniform> p: Reduce;
@group(0) @binding(1) var<storage, read> partials: array<Stored>;
@group(0) @binding(2) var<storage, read_write> totals: array<Stored>;

@compute @workgroup_size(WORKGROUP, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= p.entries {
        return;
    }
    let target_index = id.z * p.entries + id.x;
    let base = id.z * p.parts * p.entries + id.x;
    var total = Stored();
    if p.accumulate != 0u {
        total = totals[target_index];
    }
    var part = 0u;
    // Eight loads on their way at a time: a wide layer has thousands of parts and few entries, and each load waits long.
    for (; part + 8u <= p.parts; part += 8u) {
        let at = base + part * p.entries;
        let a = partials[at];
        let b = partials[at + p.entries];
        let c = partials[at + 2u * p.entries];
        let d = partials[at + 3u * p.entries];
        let e = partials[at + 4u * p.entries];
        let f = partials[at + 5u * p.entries];
        let g = partials[at + 6u * p.entries];
        let h = partials[at + 7u * p.entries];
        total = stored_add(stored_add(stored_add(stored_add(total, a, p.zero), b, p.zero), c, p.zero), d, p.zero);
        total = stored_add(stored_add(stored_add(stored_add(total, e, p.zero), f, p.zero), g, p.zero), h, p.zero);
    }
    for (; part < p.parts; part++) {
        total = stored_add(total, partials[base + part * p.entries], p.zero);
    }
    totals[target_index] = total;
}
