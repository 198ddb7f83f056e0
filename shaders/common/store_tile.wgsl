// What the fused passes do with a tile of sums: which one an invocation has, and where its rows go.
//
// Needs common/sum_*.wgsl, tile_sums.wgsl, and of the shader p and the partial sums gram and cross, [seed][part][row][column].
// Twin: gram.wgsl
// No bindings of its own.
// Barriers: none.

/// What an invocation of the sums reads: its part, four columns of the left factor and of the right, which is G or H in
/// the cross sum.
struct Tile { part: u32, i: u32, j: u32, is_cross: bool }

/// Four entries of one row of a partial sum of rows × columns, in `cross` or in `gram`.
fn store(seed: u32, part: u32, rows: u32, columns: u32, is_cross: bool, i: u32, j: u32, sum: Sum) {
    if part >= p.parts || i >= rows {
        return;
    }
    let first = ((seed * p.parts + part) * rows + i) * columns + j;
    for (var n = 0u; n < min(4u, max(columns, j) - j); n++) {
        if is_cross {
            cross[first + n] = sum_entry(sum, n);
        } else {
            gram[first + n] = sum_entry(sum, n);
        }
    }
}

/// All four rows of an invocation.
fn store_rows(seed: u32, tile: Tile, rows: u32, columns: u32, sums: TileSums) {
    let i = 4u * tile.i;
    let j = 4u * tile.j;
    store(seed, tile.part, rows, columns, tile.is_cross, i, j, sums.row_0);
    store(seed, tile.part, rows, columns, tile.is_cross, i + 1u, j, sums.row_1);
    store(seed, tile.part, rows, columns, tile.is_cross, i + 2u, j, sums.row_2);
    store(seed, tile.part, rows, columns, tile.is_cross, i + 3u, j, sums.row_3);
}
