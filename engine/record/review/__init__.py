"""What a reader of a run wants to know, as pure functions of its record; words and tables are in `engine.report`."""
