"""The trading core: session, where it stands, recovery, resets, the look-ahead check; the same in history and live."""
