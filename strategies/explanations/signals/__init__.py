"""What explainers share: one file a signal."""
