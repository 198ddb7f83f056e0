// The 4 × 4 sums of one invocation over the neurons of a part: what gram.wgsl, forward.wgsl and backward.wgsl share.
//
//   sums[i][j] += Σ_k left[k][i]·right[k][j],   k over one chunk of 16 neurons
//
// In the order of k; whether the products of a chunk are added up before they join the sums is for common/sum_*.wgsl to say.
//
// Needs common/sum_*.wgsl, and of the shader CHUNK and its own tiles in workgroup memory as two functions of the tile of the
// invocation: left(tile, k) and right(tile, k), four terms each.
// Twin: backend::cpu::product::gram
// No bindings, no barriers.

struct TileSums { row_0: Sum, row_1: Sum, row_2: Sum, row_3: Sum }

/// The sums with one chunk more. `zero` is that of part_end.
fn add_chunk(sums: TileSums, tile: Tile, zero: u32) -> TileSums {
    var part_0 = part_begin(sums.row_0);
    var part_1 = part_begin(sums.row_1);
    var part_2 = part_begin(sums.row_2);
    var part_3 = part_begin(sums.row_3);
    for (var k = 0u; k < CHUNK; k++) {
        let a = left(tile, k);
        let b = right(tile, k);
        part_0 = part_add(part_0, a.x, b);
        part_1 = part_add(part_1, a.y, b);
        part_2 = part_add(part_2, a.z, b);
        part_3 = part_add(part_3, a.w, b);
    }
    return TileSums(
        part_end(sums.row_0, part_0, zero),
        part_end(sums.row_1, part_1, zero),
        part_end(sums.row_2, part_2, zero),
        part_end(sums.row_3, part_3, zero),
    );
}
