"""A configuration -> a live run on its folder: market, account, journal, page."""
