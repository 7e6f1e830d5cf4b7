"""Typed, pure core: no clock, no input or output, no library of the rim."""
