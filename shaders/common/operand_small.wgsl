// X of a product is a small matrix, in f32 whatever the panels are.
//
// The other form is common/operand_panel.wgsl. No bindings, no barriers.
// Twin: backend::gpu::module::Storage

alias Operand = f32;
