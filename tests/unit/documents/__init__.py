"""Documents and workflow files say what is so."""
