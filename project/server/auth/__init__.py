"""Accounts, their keys and signed tokens, and the check in front of every route."""
