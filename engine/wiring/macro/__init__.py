"""Ways in which `data.macro` finds the source of a series that has none of its own, one a file by its name.

Each offers `source_of(given, known)`: the name of a file in `values/`, `known` being where the series is usually had.
"""
