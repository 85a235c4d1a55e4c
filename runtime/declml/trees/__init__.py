"""Boosted trees: what LightGBM is told, the rounds of its training, and a forest that answers like a network."""
