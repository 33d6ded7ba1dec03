"""What `project.tune` tries: learning rates, batch sizes, numbers of workers."""
