"""What settings must obey, beyond their types: a file for each file or section."""
