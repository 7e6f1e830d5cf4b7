"""What is learnt by comparing runs; nothing here trades."""
