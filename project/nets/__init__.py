"""Nets from files: their text is read, their graph is checked, and a module is made of it."""
