"""What the namespace `slurm` registers."""

from allcore.plugins import HealthCheckRecord, hookimpl


@hookimpl
def all_health_checks() -> list[HealthCheckRecord]:
    """Announce what `all doctor` asks about the cluster."""
    return [
        HealthCheckRecord(
            name="cluster",
            target="all_slurm.health:check_cluster",
            summary="Whether Slurm can be reached from here",
        ),
    ]
