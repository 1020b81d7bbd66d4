"""Inputs that nobody sends, for every parser that meets something from outside."""
