"""The proof of tracing: jobs write down what they did while everything is killed, and then questions are asked."""
