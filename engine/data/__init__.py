"""Providers of daily bars behind one port."""
