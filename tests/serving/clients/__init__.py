"""Programs that call the gateway through clients that people use. Each runs in an environment that has its client."""
