"""Who calls the session, and when."""
