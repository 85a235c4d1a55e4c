"""Evaluation of a model on rows: scores per output, per slice, and confusion counts; knows no config and no file."""
