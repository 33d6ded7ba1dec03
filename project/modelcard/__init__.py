"""Cards of trained models: what they are, how good, and how each number is had again."""
