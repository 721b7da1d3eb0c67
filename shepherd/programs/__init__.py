"""The processes' loops over core and ports; one wiring module per process names the edges."""
