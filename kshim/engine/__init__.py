"""The stateful heart: tensors, variables, seeds, names, layers and the graph they form."""
