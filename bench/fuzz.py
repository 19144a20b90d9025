"""Fuzzes a service for long: python -m bench.fuzz URL SECONDS [TOKEN…]; without tokens as nobody. Limits are to be off there.

In slices of eight minutes, as access tokens live for ten: start it again with new tokens for more. Exit code 1 when it found
a server error or an answer that the OpenAPI document does not allow.
"""

import sys

from tests.fuzzing import fuzz

SLICE = 480  # seconds


def main(url, seconds, *tokens):
    failed, requests = False, 0
    for token in tokens or (None,):
        found = fuzz(url, token, seconds=min(int(seconds), SLICE), examples=1000)
        failed, requests = failed or found.failed, requests + found.requests
        print(found.report)
    print(f"{requests} requests, {'failures above' if failed else 'no server error, no schema violation'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
