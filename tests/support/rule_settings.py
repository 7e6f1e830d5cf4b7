"""The setting of a rule, as a rotation makes it."""

from collections.abc import Mapping
from typing import Any

from engine.core.rule import Setting
from strategies.rotation import Rotation, RotationParams


def setting_of(strategy: Mapping[str, Any]) -> Setting:
    """Give the setting in which a rotation of these keys asks its rules."""
    return Rotation(RotationParams.model_validate(strategy)).entry.named[0].rule.setting
