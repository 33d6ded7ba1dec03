"""How things are said to people: suggestions, shortened values, a few names of many."""
