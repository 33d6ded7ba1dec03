"""Reading attributes and the values of series."""
