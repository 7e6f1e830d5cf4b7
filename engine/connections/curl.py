"""Routes by our rule for curl_cffi, on which yfinance stands."""

from typing import Any

from engine.connections.route import Route


def route_options(route: Route) -> dict[str, Any]:
    """Give the options of a request that goes by `route` and by nothing that libcurl reads from the environment."""
    # An empty proxy is none, whatever the environment says; without a `verify`, the one of the session would be taken.
    return {
        "proxies": {"all": route.proxy.value if route.proxy else ""},
        "verify": route.authorities.value if route.authorities else True,
    }


def session_options(curl_option: Any, curl_info: Any) -> dict[str, Any]:
    """Give the options of a session whose requests go by `route_options`.

    Args:
        curl_option, curl_info: `CurlOpt` and `CurlInfo`, which only a run that fetches imports.
    """
    # Where a proxy is given, libcurl still reads NO_PROXY by its own rule, unless it is given one that names nobody.
    return {"curl_options": {curl_option.NOPROXY: b""}, "curl_infos": [curl_info.OS_ERRNO]}
