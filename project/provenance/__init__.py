"""What a run stands on and what came of it: code, environment, record, list of runs."""
