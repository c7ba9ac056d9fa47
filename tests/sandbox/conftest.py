"""Tests of the processes themselves start them all."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def warm() -> None:
    """Hand out nothing that runs already."""
