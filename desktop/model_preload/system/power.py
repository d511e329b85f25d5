"""Where the power comes from."""

import psutil


def on_battery() -> bool | None:
    """Whether the machine lives on its battery now; False without one, None if the system does not tell."""
    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, RuntimeError, ValueError):  # a system without such a call, or a broken driver
        return None
    if battery is None:
        return False
    return {True: False, False: True}.get(battery.power_plugged)  # None where the driver doesn't know
