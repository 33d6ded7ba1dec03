"""What a person types and reads: flags, config files, mistakes in a line, tables.

Only the standard library is imported before it is needed, so that `--help` answers at once.
"""
