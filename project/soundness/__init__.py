"""Tests of a trained model: what `python -m project.check` looks at."""
