"""The one place where parts meet."""
