"""What is shipped: the wheel, and the files for containers, clusters and service managers."""
