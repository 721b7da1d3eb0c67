"""A site whose central manager and hosts are booted by systemd, with the units that are shipped."""
