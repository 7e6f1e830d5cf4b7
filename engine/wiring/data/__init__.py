"""`data.*` of the configuration -> the bars and series of a run."""
