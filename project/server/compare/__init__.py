"""The page at `/compare` on which people compare runs, and what it asks the server for."""
