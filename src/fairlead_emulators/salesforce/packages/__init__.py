"""Managed packages that an org may have installed beside what a client deploys."""
