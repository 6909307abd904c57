"""Data, networks and training: everything that produces models and style packs.

One command line runs it all: ``python -m distill VERB``; ``python -m distill --help`` lists
the verbs. Nothing is imported here, so that ``import distill`` stays free of side effects.
"""
