"""How long the parts of a switch take, as measured on the real site (`./run demo`, `./run bench`).

There a lend leaves a host without anybody who accepts work for 0.9 to 2.7 s, a container is armed 1.7 s after its
lease was read, and from a reclaim's order to a regular startd in the pool 1.6 to 2.8 s pass, beside guests' notice.
A range stands for a uniform choice. Seconds.
"""

PUBLISH_S = 0.05
"""Pages signed and in the collector."""
TOOL_S = (0.1, 0.4)
"""One of HTCondor's tools, from its start to its effect."""
ARM_S = (1.5, 1.9)
"""From the lease, read, to a container whose PID 1 waits."""
DRAINED_S = (0.3, 1.0)
"""From the drain that an idle startd took to its ad that says so."""
HANDOVER_S = (0.4, 1.0)
"""From the regular startd's end to the flocking one in the flock pool."""
CONTAINER_ENDS_S = (0.2, 0.5)
"""From the end of the last guest's job to the free host lock."""
REGULAR_BACK_S = (0.8, 1.4)
"""From the lock to the regular startd in the home pool."""
BOOT_S = 90.0
"""From power to a regular startd."""
