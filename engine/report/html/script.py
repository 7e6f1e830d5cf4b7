"""Text that goes into a page's script elements, and the policy that lets nothing else run."""

import base64
import hashlib
import json
from importlib import resources

import plotly

# plotly writes styles as it draws; nothing is loaded from anywhere.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
PLOTLY_FILE = "plotly.min.js"


def plotly_script() -> str:
    """Read plotly's script out of its package; of its modules only the package itself, the rest is slow to import."""
    return (resources.files(plotly) / "package_data" / PLOTLY_FILE).read_text(encoding="utf-8")


def json_for_script(value: object) -> str:
    """Write JSON that cannot end its script element, nor begin a comment in it.

    Raises:
        ValueError: a number is not finite.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def policy_for(*scripts: str) -> str:
    """Give a Content-Security-Policy under which these scripts run and no other, and nothing is asked for anywhere."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes)
    return f"{POLICY}; script-src {allowed}"
