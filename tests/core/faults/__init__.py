"""Faults, one a module: what breaks, and that in the end write model, read model and summaries agree.

Every test has a short form, which runs with all others, and a long one: FAULTS=long, set by `make faults`.
"""
