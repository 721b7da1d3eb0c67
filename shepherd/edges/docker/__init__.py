"""dockerd: containers and their network, through the docker SDK's low-level client."""
