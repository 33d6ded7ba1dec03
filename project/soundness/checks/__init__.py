"""The checks that each run can be put to."""
