"""HTCondor: questions by its Python bindings in processes that can be killed, orders by its own tools.

The bindings hold the interpreter's lock during every network call and have calls without any deadline, so they
live in processes of their own (`worker`); everything else here runs in the daemon and never imports them.
"""
