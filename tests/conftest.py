"""What holds for every test: an example of hypothesis may take as long as a busy machine needs for it."""

from hypothesis import HealthCheck, settings

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("brief", settings.get_profile("patient"), max_examples=15)
settings.load_profile("patient")
