"""Beside the synthetic sample, which makes every series itself: nothing else is asked."""

from engine.wiring.macro.fred import source_of

__all__ = ["source_of"]
