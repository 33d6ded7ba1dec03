"""What happens around training, one file per concern."""
