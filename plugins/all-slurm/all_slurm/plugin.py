"""What the namespace `slurm` registers."""

from allcore.plugins import CommandRecord, ExecutorRecord, HealthCheckRecord, SettingRecord, hookimpl


@hookimpl
def all_executors() -> list[ExecutorRecord]:
    """Announce the executor."""
    return [
        ExecutorRecord(
            name="array",
            target="all_slurm.array:ArrayExecutor",
            summary="On a Slurm cluster, a series of runs as one job array",
        ),
    ]


@hookimpl
def all_commands() -> list[CommandRecord]:
    """Announce the commands."""
    return [
        CommandRecord(name="status", target="all_slurm.commands:status", summary="How submitted runs stand"),
        CommandRecord(
            name="logs", target="all_slurm.commands:logs", summary="What the task of a run printed"
        ),
        CommandRecord(name="cancel", target="all_slurm.commands:cancel", summary="End submitted runs"),
    ]


@hookimpl
def all_settings() -> list[SettingRecord]:
    """Announce what each cluster has its own values for."""
    return [
        SettingRecord(name="partition", summary="The partition, or several with commas"),
        SettingRecord(name="time", summary="Time limit of a task: 90 (minutes), 4:00:00, 2-12 (days-hours)"),
        SettingRecord(
            name="grace",
            type="int",
            default=120,
            summary="Seconds before the limit at which a run is told to save itself",
        ),
        SettingRecord(name="cpus", type="int", summary="Processors of a task"),
        SettingRecord(name="gpus", type="int", summary="GPUs of a task; one for runs on a GPU unless set"),
        SettingRecord(name="memory", summary="Memory of a task, such as 8G"),
        SettingRecord(name="account", summary="Who pays"),
        SettingRecord(name="sbatch", type="list", default=(), summary="Further options for sbatch"),
        SettingRecord(name="setup", type="list", default=(), summary="Lines of shell before the program"),
    ]


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
