"""How runs stand in MLflow: experiments, names, locations, points."""
