"""The one place where parts meet: a configuration -> what a command runs."""
