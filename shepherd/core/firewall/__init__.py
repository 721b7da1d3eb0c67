"""Rules for the kernel's packet filter, as pure renderings of settings."""
