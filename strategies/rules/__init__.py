"""Entry conditions, confirmations, exits and systems, one a file; found by their names in the configuration.

`blue_sky` is the class `BlueSky` in `blue_sky.py`, built of its parameters and a `Setting`. A confirmation is a name,
`{name: {parameters}}`, or a group of them: `all`, `any`, `not`, `at_least`.
"""
