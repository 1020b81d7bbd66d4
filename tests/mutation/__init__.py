"""Mutation testing: break the code in small ways, and see the tests notice."""
