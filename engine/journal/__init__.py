"""The record of a run, and the files made from it."""
