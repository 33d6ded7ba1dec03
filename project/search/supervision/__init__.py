"""The supervisor of a sweep: it claims jobs, has attempts carry them out, and keeps its leases."""
