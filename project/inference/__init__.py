"""A trained model used: from a checkpoint alone to what it says of images."""
