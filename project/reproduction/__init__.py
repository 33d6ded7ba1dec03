"""Running a recorded run again, and telling whether the same numbers come out."""
