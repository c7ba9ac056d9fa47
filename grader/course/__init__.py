"""The course folder, read strictly into frozen values."""
