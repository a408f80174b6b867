"""The web entrance: Django settings, URLs, ASGI."""
