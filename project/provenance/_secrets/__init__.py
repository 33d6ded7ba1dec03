"""Secrets in a text: by their own shape, or as the value that a name is given."""
