"""Compiling and training: one loop for all backends."""
