"""Our tables beside MLflow's in one database, and transactions on both."""
