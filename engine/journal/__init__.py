"""The store of a run's events: written once, in a hash chain, by one writer."""
