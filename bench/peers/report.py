"""How the peer scripts print a figure: a sentence, or with --json one JSON object per line."""
import json
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
