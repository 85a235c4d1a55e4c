"""How the combined vector becomes the answer of an output: one file for each name."""
