"""executeOperations: batches of changes, parsed and written exactly once."""
