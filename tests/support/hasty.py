"""`python -m engine` in which no pause is long: real processes that wait for an exchange wait a moment only."""

import runpy

from engine.commands import ending

LONGEST_PAUSE_SECONDS = 0.01

if __name__ == "__main__":
    ending.LONGEST_PAUSE_SECONDS = LONGEST_PAUSE_SECONDS
    runpy.run_module("engine", run_name="__main__")
