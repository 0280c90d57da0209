"""Curation measured side by side: this pipeline and its peers on the same generated corpus."""
