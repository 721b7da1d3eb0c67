"""The edge to HTCondor, with real daemons in namespaces of their own."""
