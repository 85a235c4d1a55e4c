"""Tests of reading run folders."""
