"""What a net's file says, read and checked without PyTorch and without running anything."""
