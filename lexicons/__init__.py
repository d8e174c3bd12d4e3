"""Lexicons: plain text, one term a line, that a clerk can edit; see checker.language.lexicon for the format."""
