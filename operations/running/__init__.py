"""Whether a stack runs: its status, its logs, suspending and resuming it."""
