"""How runs stand in MLflow: experiments, names, places, points."""
