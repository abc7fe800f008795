"""Hardware of this host: devices, telemetry, contention for the GPU, processes."""
