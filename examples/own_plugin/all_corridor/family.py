"""The family `corridor`: from a name to an environment. Importing this imports no simulator."""

from allcore.errors import UnknownEnvironmentError
from allcore.keys import did_you_mean

LENGTHS = (4, 8, 16)


def names():
    """The names of all corridors."""
    return [f"Corridor-{length}" for length in LENGTHS]


def make(name, *, device="cpu", **options):
    """Make the corridor `name`; options are those of `Corridor`."""
    from all_corridor.corridor import Corridor
    from allcore.environments import GymEnvironment

    if name not in names():
        raise UnknownEnvironmentError(f"There is no corridor {name!r}.", hint=did_you_mean(name, names()))
    length = int(name.removeprefix("Corridor-"))

    def corridor(**options):
        return Corridor(length, **options)

    return GymEnvironment(corridor(**options), device, key=f"corridor:{name}", make=corridor, **options)
