"""What to hold and why: one strategy a file, pure, knowing nothing of the engine but `engine.core`."""
