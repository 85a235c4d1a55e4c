"""Everything about what a declml config may say: vocabulary, document, checker, plan, events. Torch-free."""
