"""The table of runs, and the Neptune Query Language."""
