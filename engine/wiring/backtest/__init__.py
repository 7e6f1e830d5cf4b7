"""A configuration -> a finished backtest, and its files."""
