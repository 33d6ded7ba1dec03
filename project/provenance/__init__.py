"""What a run stands on and what came of it: code, environment, the record, and the list of all runs."""
