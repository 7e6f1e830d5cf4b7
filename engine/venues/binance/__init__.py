"""Binance spot: its client, its pace, what its answers mean, where its requests may go, its keys and its rules."""
