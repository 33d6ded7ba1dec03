"""Files and file sets, sent and downloaded, and artifacts that are tracked by hash."""
