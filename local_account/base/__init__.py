"""What every other folder uses: errors, results, SQL tokens, keys, settings."""
