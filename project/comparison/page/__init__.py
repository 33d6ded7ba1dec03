"""Runs and comparisons as one HTML file that opens without a network."""
