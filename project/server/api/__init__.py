"""What an operation is made of: its declaration, access, checks, models and errors."""
