"""A class: collect, grade, gradebook, merge, cluster."""
