"""The configuration: its keys and types, how it is read, and the strategy that it names."""
