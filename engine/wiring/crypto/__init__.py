"""Providers of coin bars, one a file; its name is its name in `data.crypto`. Their form: `data/providers.py`."""
