"""Who may do what: accounts and their roles in projects."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum


class Role(IntEnum):
    """What an account may do in a project; each includes those below."""

    VIEWER = 1
    MEMBER = 2  # Neptune's "member" and "contributor": writes and deletes runs
    MANAGER = 3  # Neptune's "owner": members, the project's end


@dataclass(frozen=True)
class Account:
    """Who asks.

    Attributes:
        name: shown to people.
        admin: may do everything; the one account of a server without accounts is one.
        roles: by project id.
        experiments: the same roles, by the number of MLflow's experiment.
        workspaces: those in which the account has a role.
        service: a service account, not a person.
    """

    name: str
    admin: bool = False
    roles: dict[str, Role] = field(default_factory=dict)
    experiments: dict[str, Role] = field(default_factory=dict)
    workspaces: frozenset[str] = frozenset()
    service: bool = False

    def may(self, project_id: str, role: Role) -> bool:
        """Whether the account has at least `role` in the project."""
        return self.admin or self.roles.get(project_id, 0) >= role


LOCAL = Account("local", admin=True)
# Whoever asks for one of the few addresses that need no account.
ANONYMOUS = Account("anonymous")
# The account of the request under way, for MLflow's code, which knows no scope.
CURRENT: ContextVar[Account] = ContextVar("account", default=ANONYMOUS)
