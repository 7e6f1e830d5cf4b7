"""`report.html`: a run as one page with its charts, which opens without a network."""
