"""Tests that no block is made for, each of one claim; what each compares with what stands in its docstring."""
