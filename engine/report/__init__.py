"""What a person reads of a run: terminal, tables, words and figures."""
