"""Tables of columns as files that other programs read."""
