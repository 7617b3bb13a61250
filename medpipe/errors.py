"""Every error that medpipe expects, as one tree. Each maps to one exit status (`exit_status`).

    MedpipeError                 1   something expected went wrong; the message says what, where and what to do
    ├── UsageError               2   an argument, a recipe, a policy or a setting cannot work: correct it
    │   ├── NotFound             2   a ref, a name, a version or a document that does not exist
    │   ├── CannotPass           2   a retrain that has nothing to learn, or that was held before
    │   └── ConfigError          2   a configuration file or MEDPIPE_* variable: names file, field and remedy
    ├── DataError               65   data was judged and rejected: the same data would be rejected again
    │   ├── BatchRejected       65   validation stopped a whole batch
    │   ├── NotValidated        65   a verb was given data that `validate` has not accepted
    │   ├── NotCertified        65   the champion's answers do not meet the terms of a certificate
    │   └── Damaged             65   a stored file cannot be read
    ├── Unavailable             75   something outside does not answer: try again later
    │   ├── SourceError         75   a publisher's file or service could not be read
    │   │   └── GapInFiles      75   a number is missing among a publisher's files for longer than its policy allows
    │   └── EngineError         75   the inference engine does not answer, or refuses what it was asked
    ├── ChampionMoved            1   somebody else promoted first; the comparison is out of date
    └── DeployFailed             1   the version did not go live; what served before still serves

Statuses 65, 70 and 75 are EX_DATAERR, EX_SOFTWARE and EX_TEMPFAIL of sysexits.h; 1 and 2 mean what they mean to
argparse and to shells. An interrupted command exits with 130 and a command whose output is not read with 141, as
shells report SIGINT and SIGPIPE (128 + signal). Any other error is a bug of medpipe and exits with 70.
"""

from __future__ import annotations


class MedpipeError(Exception):
    """Root of all expected errors. The message says what happened, where, what to do, and what was kept."""


class UsageError(MedpipeError):
    """An argument, a recipe, a policy or a setting that cannot work. Trying again cannot help; correct it."""


class NotFound(UsageError):
    """A ref, a name, a version or a document that does not exist."""


class CannotPass(UsageError):
    """A retrain that has nothing to learn, or nothing to start from, or that was held before. Others may pass."""


class ConfigError(UsageError):
    """A recipe, benchmark, promotion plan, suite or MEDPIPE_* variable that cannot be used.

    The message names the file (or the variable), the field and the remedy.
    """


class DataError(MedpipeError):
    """Data that was judged and rejected. The same data would be rejected again."""


class BatchRejected(DataError):
    """Validation stopped a whole batch."""


class NotValidated(DataError):
    """A verb was given data that `validate` has not accepted."""


class NotCertified(DataError):
    """The champion's answers do not meet the terms of a certificate. The same answers would not meet them again."""


class Damaged(DataError):
    """A stored file cannot be read. The message names the file and how to make it again."""


class Unavailable(MedpipeError):
    """Something outside medpipe does not answer. Trying again later may help."""


class SourceError(Unavailable):
    """A publisher's file or service could not be read. The message names the address or file, and the record."""


class GapInFiles(SourceError):
    """A number is missing, or may be, among a publisher's files for longer than the policy of the source allows."""


class EngineError(Unavailable):
    """The inference engine does not answer, or refuses what it was asked."""


class ChampionMoved(MedpipeError):
    """Somebody else promoted first. The comparison is out of date."""


class DeployFailed(MedpipeError):
    """The version did not go live. What served before still serves."""


_STATUS: dict[type[BaseException], int] = {
    UsageError: 2,
    DataError: 65,
    Unavailable: 75,
    MedpipeError: 1,
    KeyboardInterrupt: 130,
    BrokenPipeError: 141,
}
_BUG = 70


def exit_status(error: BaseException) -> int:
    """Return the exit status of an error: that of its nearest ancestor in the table above, else 70."""
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), _BUG)


def hopeless(status: int) -> bool:
    """Return whether an exit status means that the same command would fail again, so that retrying is useless."""
    return status in (_STATUS[UsageError], _STATUS[DataError])
