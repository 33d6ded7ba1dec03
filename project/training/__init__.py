"""How a model is trained: steps, evaluation, checkpoints, signals, random generators."""
