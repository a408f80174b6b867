"""Invocable actions: custom notifications, and the flows that were deployed."""
