"""Tests of faults, one kind in each module: after the fault, write model, read model and summaries agree.

Every test has a short form, which runs with all others, and a long form: FAULTS=long, set by `make faults`.
"""
