"""Predictions in files: whole rows whatever happens, and where to go on."""
