"""The parts that a config names, assembled into one torch module."""
