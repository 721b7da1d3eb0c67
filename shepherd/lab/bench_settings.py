"""The settings of a site whose only schedd is the bench's own."""

from shepherd.lab.bench_pool import CLIENT_CONFIG, FLOCK, HOME, MACHINE
from shepherd.model.place_settings import PathSettings
from shepherd.model.settings import FlockSettings, HomeSettings, Settings, TimerSettings

IDENTITY = "condor@family"


def bench_settings() -> Settings:
    """Deadlines that no measurement meets."""
    return Settings(
        home=HomeSettings(name="bench", collector=HOME, schedds=(MACHINE,), schedd_identities=(IDENTITY,)),
        flock=FlockSettings(collector=FLOCK, image="sha256:" + "0" * 64),
        timers=TimerSettings(query_s=120.0, young_collector_s=0.0),
        paths=PathSettings(condor_config=str(CLIENT_CONFIG)),
    )
