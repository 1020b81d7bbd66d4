"""Measurements: figures and ratios, printed; no test asserts them."""
