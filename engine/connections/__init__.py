"""How the outside is reached, alike for every library: variables of the environment, and what a failure came of."""
