"""What the rotation is made of: its parameters, its memory, and what it observes."""
