"""Run one command and print, as JSON, its wall time, processor time, peak memory and exit code.

    python -I -S measure.py LOG COMMAND [ARGUMENT …]

Its own process, and a small one, because Linux counts the memory of the process that starts a command into the peak of
the command: measured from a program that has numpy loaded, nothing would be smaller than that. Standard library only.
"""

import json
import os
import sys
import time

MEBIBYTE = 1 << 20
# ru_maxrss is in bytes on macOS and in kibibytes elsewhere (getrusage(2)).
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


def main() -> None:
    log, *command = sys.argv[1:]
    output = [
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    start = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ, file_actions=output)
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    result = {
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "mebibytes": usage.ru_maxrss * PEAK_UNIT / MEBIBYTE,
        "exit_code": os.waitstatus_to_exitcode(status),
    }
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
