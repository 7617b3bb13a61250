"""What can go wrong, in words an operator can act on. Each has the exit status that the CLI gives it."""

from __future__ import annotations


class MedpipeError(Exception):
    """Expected trouble: the message says what happened, where, and what to do. Exit status 1."""

    exit_status = 1


class BatchRejected(MedpipeError):
    """Validation stopped a whole batch; trying again cannot help. Exit status 65 (EX_DATAERR of sysexits.h)."""

    exit_status = 65


class NotValidated(MedpipeError):
    """A verb was given data that `validate` has not accepted. Exit status 65."""

    exit_status = 65


class ChampionMoved(MedpipeError):
    """Somebody else promoted first; the comparison is out of date."""


class DeployFailed(MedpipeError):
    """The version did not go live; what served before serves on."""
