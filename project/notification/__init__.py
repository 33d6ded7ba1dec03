"""Messages of a run: a process watches it, and tells how it has ended, in whatever way."""
