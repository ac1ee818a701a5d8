"""How the peer scripts give their figures: a sentence, with --json one JSON object per line, with --serve on request."""
import json
import statistics
import sys


def argument(flag):
    """The value after `flag` on the command line, which is then taken off it; None where the flag is absent."""
    if flag not in sys.argv:
        return None
    at = sys.argv.index(flag)
    value = sys.argv[at + 1]
    del sys.argv[at:at + 2]
    return value


def report(peer, work, **figures):
    if "--json" in sys.argv:
        line = json.dumps({"peer": peer, "work": work, **figures})
    else:
        line = f"{peer}, {work}: " + ", ".join(f"{name} {value}" for name, value in figures.items())
    print(line, flush=True)


def measure(rows):
    """rows: (peer, work) -> a function that does some steps and returns the ms of each.

    Alone: one call to warm up, then the median of three. With --serve: whoever drives us, and others in turn with us,
    writes {"peer": …, "work": …} on our stdin for every call and reads {"ms": […]}.
    """
    if "--serve" not in sys.argv:
        for (peer, work), steps in rows.items():
            steps()
            report(peer, work, ms=round(statistics.median([ms for _ in range(3) for ms in steps()]), 1))
        return
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps({"ms": rows[asked["peer"], asked["work"]]()}), flush=True)
