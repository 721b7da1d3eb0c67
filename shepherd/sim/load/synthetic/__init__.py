"""Made-up loads, each like a kind of site. The same seed, size and length give the same jobs."""
