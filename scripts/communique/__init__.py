"""Diplomatic communications as linked data, and the tools that keep them valid."""
