"""Further entry conditions, one a file, chosen by `strategy.confirmations`."""
