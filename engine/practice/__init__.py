"""A practice exchange: Binance's spot REST API over historical bars, on loopback, with a clock that can be steered.

Pure in the middle (prices, filters, accounts, matching), one file that speaks HTTP (`server`). It needs no keys and no
network, its fills follow the rule of venue `simulated`, and it can fail in all the ways in which an exchange fails.
Not served: streams, order lists, stop orders, margin, and everything under `/sapi`, as on the testnet.
"""
