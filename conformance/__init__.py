"""The conformance suite: every backend computes the same cases in a process of its own, and the results are compared.

`python -m kshim_conformance` runs it. The reference is the numpy backend in float64; the op table, known answers and
central differences check the reference itself. See README.md.
"""
