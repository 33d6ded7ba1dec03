"""What is known of runs from their directories alone, and what differs between them."""

from project.comparison.description import describe

__all__ = ["describe"]
