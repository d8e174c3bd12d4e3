"""Fitted models with their cards; none ships yet."""
