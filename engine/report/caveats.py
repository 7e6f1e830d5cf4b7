"""What a reader must know before believing a figure, in plain words."""

FEW_ROTATIONS = 30
NOT_ADVICE = "Not investment advice."


def rests_on(completed: int) -> str:
    """Say on how many rotations the figures rest."""
    if not completed:
        return "No rotation was completed: these figures say nothing about rotating."
    few = " - far too few to tell skill from luck" if completed < FEW_ROTATIONS else ""
    return f"These figures rest on {completed} completed rotation{'s' if completed != 1 else ''}{few}."


def hindsight(*, synthetic: bool) -> str:
    """Say that the coins were picked afterwards; nothing of a market that is made up."""
    return "" if synthetic else "The coins were picked today for yesterday: that is hindsight, and it flatters."
