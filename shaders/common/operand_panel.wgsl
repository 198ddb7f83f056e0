// X of a product is a panel.
//
// The other form is common/operand_small.wgsl. Needs common/panel_*.wgsl. No bindings, no barriers.
// Twin: backend::gpu::module::Storage

alias Operand = Panel;
