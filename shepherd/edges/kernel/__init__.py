"""What /proc and control groups say of this machine's processes."""
