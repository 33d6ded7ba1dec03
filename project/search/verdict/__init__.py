"""What a sweep has shown: the best trials, their confirmation and its verdict, in words."""
