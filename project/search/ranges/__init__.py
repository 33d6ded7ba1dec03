"""Ranges: what each flag that is searched can be, as fields, files and other projects say it."""
