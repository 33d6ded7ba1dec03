"""Search: a space, the order of trials, their storage and supervision, and the verdict."""
