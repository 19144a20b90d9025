"""Password hashing."""

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, Argon2PasswordHasher, verify_password

# What the hashers of settings.PASSWORD_HASHERS write, and `!…` where there is no password. The database takes nothing else
# (accounts.models): whoever adds a hasher adds its form, and a migration.
FORMS = (
    r"argon2\$argon2(i|d|id)\$v=[0-9]+\$m=[0-9]+,t=[0-9]+,p=[0-9]+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+",
    r"pbkdf2_sha256\$[0-9]+\$[^$[:space:]]+\$[A-Za-z0-9+/]{43}=",
    r"![A-Za-z0-9]*",
)
STORED = f"^({'|'.join(FORMS)})$"


def verify(password, encoded):
    """(fits, outdated) for a stored hash. One that no hasher can read fits nothing, and takes as long to say so."""
    try:
        return verify_password(password, encoded)
    except (ValueError, AssertionError):
        return verify_password(password, UNUSABLE_PASSWORD_PREFIX)


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with the parameters of OWASP's Password Storage Cheat Sheet.

    19 MiB for about 20 ms: as hard to guess as Django's 100 MiB, and a burst of sign-ins does not exhaust a small server.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
