"""Metric families as data, and the page made of them."""
