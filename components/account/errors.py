"""The errors that stop the program before anything is changed, or at a statement that failed.

All of them are StackErrors: their message is all that a user sees, and it says what to do.
"""

from __future__ import annotations

from settings import StackError


class AccountError(StackError):
    """The account or its credentials are missing or cannot be used."""


class AddressError(StackError):
    """Snowflake has not given a service its public address in time."""


class BudgetError(StackError):
    """The stack would cost more than `monthlyCreditBudget`; the message lists the parts of the sum."""


class CapacityError(StackError):
    """The services request more than their machine has; the message lists the parts of the sum."""


class DataLossError(StackError):
    """A change would lose data; the message names the setting, both values and the ways out."""


class MonitorError(StackError):
    """The deploying role may not make a resource monitor."""


class ResumeError(StackError):
    """A suspended service does not run again; the message has the state of its containers."""


class SpecificationError(StackError):
    """Snowflake would refuse a specification; the message names the file and the place in it."""
