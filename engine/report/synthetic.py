"""What every report says of a market that is made up: in its first line, and in its last."""

SYNTHETIC_FIRST_LINE = "synthetic sample market: made-up prices that show how the program works"
SYNTHETIC_LAST_LINE = "synthetic sample market: these figures say nothing about real markets"
