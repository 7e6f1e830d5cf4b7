"""The commands, one a file: parse, wire, run, print."""
