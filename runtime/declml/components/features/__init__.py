"""The feature types: how a column becomes arrays, and how answers become values of it again."""
