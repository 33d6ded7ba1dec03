"""Files of weights made from others: what `python -m project.weights` does."""
