"""A trained model taken out of the project: files for other runtimes, each proven on the test."""
