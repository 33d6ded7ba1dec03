"""Attempts: a sweep's jobs as runs, each in a process of its own that dies with its supervisor."""
