"""What idle local jobs ask for, laid over what hosts give: what is served, what must come home, what fits nowhere."""
