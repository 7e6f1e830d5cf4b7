"""How long a test waits for what has to come: the one limit there is, for a machine that is ten times as busy as usual.

It ends what hangs. No test passes by it, and none asks how long something took.
"""

PATIENCE_SECONDS = 600.0
PATIENCE_MILLISECONDS = 1000 * PATIENCE_SECONDS
SILENCE_SECONDS = 2.0
"""How long a client under test waits for the answer that never comes; all others have to come within it."""
