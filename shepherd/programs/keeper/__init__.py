"""The process of a host: its loop, and one file for each thing that the loop does."""
