"""The proof of tracing: real jobs write down what they did, everything is killed meanwhile, then questions are asked."""
