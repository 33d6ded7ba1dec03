"""Workspaces: their projects, members and service accounts."""
