"""The sections of the configuration whose keys depend on files that are named in them, and the schema of all.

A strategy's file has the keys of its section (`registry.py`). That of a provider or a venue may add some of its own: a
class `Settings` that extends `OwnSettings` (`config.py`), every key with a default and a description; it reads them by
`Settings.model_validate(section)`. A file is looked into where its section has keys that are known to nobody else.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Union

from pydantic import BaseModel, create_model

from engine.core.strategy import StrategyParams
from engine.settings.config import Config, Values, module_of, names_of

KINDS = {"data": ("crypto", "index", "macro"), "venue": ("venue",)}
"""By section, the kinds of files that are named in it; a kind is the key that names its file, but that of venues."""


def section_for(section: str, given: object) -> type[BaseModel] | None:
    """Give the model of a section whose named files add to it what it is given; None where it is as ever."""
    usual = Config.model_fields[section].default
    if not isinstance(given, Mapping) or given.keys() <= type(usual).model_fields.keys():
        return None
    named = {**dict(usual), **given}
    return _extended(section, lambda kind: [named["name" if kind == "venue" else kind]])


def json_schema(params_types: Sequence[type[StrategyParams]]) -> Values:
    """Give the JSON schema of the configuration, the `strategy` section being that of any of the given strategies."""
    sections: Any = {name: (extended, extended()) for name in KINDS if (extended := _extended(name, names_of))}
    sections["strategy"] = (Union[tuple(params_types)], ...)  # noqa: UP007 - made of a tuple known at run time only
    model = create_model("RotationBotConfig", __base__=Config, **sections)
    schema = model.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Configuration of the rotation bot"
    for params in params_types:
        definition = schema["$defs"][params.__name__]
        # An editor tells the strategies apart by their names.
        definition["properties"]["name"] = {"const": params.model_fields["name"].default, "title": "Name"}
    schema["required"] = []
    return schema


def _extended(section: str, names: Callable[[str], Sequence[object]]) -> type[BaseModel] | None:
    files = [module_of(kind, str(name)) for kind in KINDS[section] for name in names(kind) if name in names_of(kind)]
    modules = [importlib.import_module(file) for file in files]
    added = dict.fromkeys(each.Settings for each in modules if hasattr(each, "Settings"))
    usual = type(Config.model_fields[section].default)
    return create_model(usual.__name__, __base__=(usual, *added)) if added else None
