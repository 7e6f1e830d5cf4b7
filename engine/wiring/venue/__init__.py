"""Venues of live runs, one a file; its name, with hyphens, is that in `venue.name`. Its form: `live/live_venue.py`."""
