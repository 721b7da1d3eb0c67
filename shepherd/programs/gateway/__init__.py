"""The process of the VLAN's gateway."""
