"""The audit: on a real site, as real flocked jobs, every door is tried that must be shut, and every one guests need."""
