"""Sends the requests of sessions, ccxt's or our own, by our rule of proxies and authorities, each held to its time."""

from collections.abc import Mapping
from typing import Any

from requests import Session
from requests.exceptions import RequestException

from engine.connections.route import SettingError, known_route_to
from engine.connections.whole_answers import WholeAnswers


class RoutedAdapter(WholeAnswers):
    """Mounted in a session of requests whose `trust_env` is off.

    Args:
        environment: `os.environ`; read at each request.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        super().__init__()

    def send(self, request: Any, *arguments: Any, **options: Any) -> Any:
        """Send one request by its route.

        Raises:
            RequestException: the connection failed; of a SettingError where a variable of the environment cannot work.
        """
        try:
            route = known_route_to(request.url or "", self._environment)
        except SettingError as error:
            raise RequestException(str(error)) from error
        options["proxies"] = {"all": route.proxy.value} if route.proxy else {}
        options["verify"] = route.authorities.value if route.authorities else True
        return super().send(request, *arguments, **options)


def routed_session(environment: Mapping[str, str]) -> Session:
    """Give a session of which every request goes by its route, and its answer is held to its time.

    Args:
        environment: `os.environ`; read at each request.
    """
    session = Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, RoutedAdapter(environment))
    return session
