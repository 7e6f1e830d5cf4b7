"""What was recorded, read and judged: the rows and files of a run (`run.log` too), its review, its exports."""
