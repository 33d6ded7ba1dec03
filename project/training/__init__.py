"""How a model is trained: steps, schedules, evaluation, checkpoints, random generators."""
