"""All runs as tables: data sets, tasks, experiments, hyperparameters, and how near they are."""
