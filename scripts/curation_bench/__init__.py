"""Curation measured side by side: each step and its plain reference on the same generated corpus."""
