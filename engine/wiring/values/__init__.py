"""Sources of series that are no bars, one a file, by its name in `data.series`. Their form: `data/providers.py`."""
