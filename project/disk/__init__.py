"""Where disk space goes, and how it is freed: what `runs du` and `runs rm` do."""
