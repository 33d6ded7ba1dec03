"""Sheets of a data set's samples, to be looked at before anything is trained."""
