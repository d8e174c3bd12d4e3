"""The HTTP service: a page for authors, a page for reviewers, a hook for other systems."""
