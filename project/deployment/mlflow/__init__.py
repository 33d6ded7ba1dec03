"""An exported file as a model of MLflow: its folder, how it is served, the registry."""
