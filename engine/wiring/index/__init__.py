"""Providers of bars of New York, one a file; its name is its name in `data.index`. Their form: `data/providers.py`."""
