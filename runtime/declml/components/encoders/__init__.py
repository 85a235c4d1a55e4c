"""How an input feature, or a group of them, becomes vectors: one file for each name."""
