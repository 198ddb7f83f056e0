// Cooperative matrices of 8 × 8: f16 operands, f32 sums, one subgroup each.
//
//   TileSum += TileX·TileW
//
// Needs `enable f16` and `enable wgpu_cooperative_matrix`. No bindings, no barriers.
// Twin: backend::gpu::module::Tile

const TILE: u32 = 8u;
alias TileX = coop_mat8x8<f16, A>;
alias TileW = coop_mat8x8<f16, B>;
alias TileSum = coop_mat8x8<f32, C>;
