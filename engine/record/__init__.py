"""What was recorded, read and judged: the rows and files of a run, its review, its exports."""
