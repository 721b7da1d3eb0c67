"""A real HTCondor site on one machine, in namespaces that have no link to the machine's own network."""
