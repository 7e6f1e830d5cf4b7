"""Two runs of the same days compared (parity, reconcile): every difference, its cause and its cost."""
