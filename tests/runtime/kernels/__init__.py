"""Tests of training processes."""
