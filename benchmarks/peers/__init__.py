"""What the project is measured against, written from public descriptions, none of it copied."""
