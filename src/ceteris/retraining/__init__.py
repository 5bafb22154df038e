"""Labelled rows come back from production: they become a batch, are weighed against the data without them, and go to the gate.

`settings`, `batch` and `decision` compute; `run` and `commands` touch files.
"""
