// X of a product is a small matrix, in f32 whatever the panels are.
//
// Twin: Storage of src/backend/gpu/module.rs. The other form is common/operand_panel.wgsl. No bindings, no barriers.

alias Operand = f32;
