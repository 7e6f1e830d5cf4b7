"""Venues of live runs, one a file; its name, with hyphens, is its name in `venue.name`. Their form: `live_venue.py`."""
