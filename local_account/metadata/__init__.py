"""What the account tells tools about tables, columns, keys and all other objects.

A table's definition stands in the catalog (`definition`), so that nobody has to ask the data engine for it.
SHOW and DESCRIBE (`show`, `describe`) and the INFORMATION_SCHEMA (`information_schema`) are made from it.
"""
