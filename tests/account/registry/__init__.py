"""Image repositories and the registry behind them."""
