"""The hub: wires data, model, training and evaluation into runs, and computes nothing itself."""
