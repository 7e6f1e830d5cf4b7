"""Causal signals: columns whose row D uses rows up to D only."""
