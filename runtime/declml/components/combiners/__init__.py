"""How the vectors of all input features become one: one file for each name."""
