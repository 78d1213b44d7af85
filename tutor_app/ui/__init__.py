"""Thin Qt views over the classroom's plain state."""
