"""What is learnt from the record of the markets, without trading; it sees core and strategies, and nothing live."""
