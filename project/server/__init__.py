"""Neptune's protocol for its unmodified client, in front of an MLflow store, and `/compare`."""
