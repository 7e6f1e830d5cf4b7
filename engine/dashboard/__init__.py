"""A read-only page over the run folders: what ran, and what a running bot is at."""
