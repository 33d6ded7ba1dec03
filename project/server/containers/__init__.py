"""Containers (runs, models, model versions, projects): made, watched, stopped, removed."""
