"""The claim court: every claim of the thesis that can be tested, tested on the record of the markets."""
