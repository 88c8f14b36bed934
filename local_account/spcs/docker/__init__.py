"""Makes Docker follow the catalog: containers, volumes, probes, snapshots."""
