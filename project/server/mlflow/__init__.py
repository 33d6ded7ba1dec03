"""MLflow's side: rows of its experiments, runs, metrics, params, tags and inputs."""
