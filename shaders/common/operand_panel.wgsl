// X of a product is a panel.
//
// Twin: Storage of src/backend/gpu/module.rs. The other form is common/operand_small.wgsl. Needs common/panel_*.wgsl. No
// bindings, no barriers.

alias Operand = Panel;
