"""The order of trials: which flags the k-th has, as a function of what those before it found."""
