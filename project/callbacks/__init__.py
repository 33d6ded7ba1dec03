"""What a run does not need: showing how it goes, reports, stopping early; one file each."""
