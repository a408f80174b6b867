"""Procrastinate inside Django: one task, which runs one of our jobs."""

from procrastinate import App


def on_app_ready(app: App) -> None:
    """Register the task with the app that Django's start has made."""
