"""What runs within flocked jobs: transferred with them as the folder `job`, on the image's own Python."""
