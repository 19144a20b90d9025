"""The command: see the package."""

import sys

from bench.faults.site import House


def main(folder, *names):
    """Runs the campaigns named, as `stop` or `stop=3`; without names, all but the controls."""
    house = House(folder)
    # Not before: they need Django, and Django needs to know the database.
    from bench.faults import clock, commits, controls, database, disk, mail, processes

    campaigns = {
        "stop": database.stop,
        "terminate": processes.terminate,
        "kill": processes.kill,
        "commit": commits.commit,
        "full": database.full,
        "mail": mail.mail,
        "clock": clock.clock,
        "disk": disk.disk,
    }
    failed = False
    try:
        for name in names or campaigns:
            campaign, _, rounds = name.partition("=")
            line = (campaigns | controls.CONTROLS)[campaign](house, **({"rounds": int(rounds)} if rounds else {}))
            failed |= bool(line.faults)
            verdict = f"FAULTS: {len(line.faults)}" if line.faults else "nothing lost, nothing twice, `verify` clean"
            print(f"| {line.what} | {line.seen} | {verdict} |", *line.faults[:20], sep="\n  ", flush=True)
    finally:
        house.server.stop()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
