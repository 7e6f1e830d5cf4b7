"""The store of a run's events: written once, in a chain, by one writer."""
