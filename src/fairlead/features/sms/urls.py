"""Addresses of field mappings."""

from typing import Any

urlpatterns: list[Any] = []
