"""`project.compare --gate`: whether a new setting is worse than a base by more than is let pass."""
