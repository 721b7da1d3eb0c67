"""What the pool gave and what it cost, summed up from the records of any span."""
