"""The rollout on a machine that really boots: its own kernel, systemd, AppArmor, and a tagged VLAN."""
