"""Readers of data sets on disk: tables, folders and array files, with the problems found in them."""
