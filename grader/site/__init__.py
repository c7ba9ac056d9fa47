"""The course in a browser: a static website made of a finished hand-out."""
