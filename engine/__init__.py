"""The engine: when and how. It knows no particular strategy."""

__version__ = "0.1.0"
