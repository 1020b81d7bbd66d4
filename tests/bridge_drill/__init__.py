"""The bridge's drill: an alert starts the sync that heals it, with every part a real one.

`tests.drill` tells how an hour becomes a minute. Here Alertmanager also posts back: through
`relay`, which turns the stamps of alerts into those of the exporter's clock, as `tests.drill.page`
does the other way round, and notes each webhook with its answer.
"""
