"""A deep-learning experiment whose every number can be compared, explained and reproduced."""
