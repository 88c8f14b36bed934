"""The account's object types, one a file: databases, schemas, warehouses, secrets and others."""
