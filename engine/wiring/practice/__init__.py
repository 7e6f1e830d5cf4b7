"""What plays against the practice exchange: the exchange, a rehearsal."""
