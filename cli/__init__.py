"""The command line `milvus-spcs`: one file for each group of commands; what they do is in operations/."""
