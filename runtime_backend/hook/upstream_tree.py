"""The upstream source of a wrapper: unpacked for a hook, with the settings of its own pyproject.toml."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from ..config.settings import Upstream
from ..config.upstream import settings_of_tree
from ..frontend.caller import Caller
from ..plan import Plan
from ..plan.own_variables import plan_own_variables
from ..upstream import Depot


def depot_of(plan: Plan, caller: Caller, say: Callable[[str], None]) -> Depot:
    """Return what fetches and unpacks upstream sources."""
    return Depot(folder=plan.cache / "sources", environ=caller.environ, is_offline=plan.is_offline, say=say)


def open_upstream(plan: Plan, upstream: Upstream, caller: Caller, stack: ExitStack, say: Callable[[str], None]) -> Plan:
    """Unpack the source until the context ends, and return the plan for building it."""
    tree = stack.enter_context(depot_of(plan, caller, say).tree(upstream))
    plan = plan._replace(settings=settings_of_tree(plan.settings, tree))
    return plan._replace(own=plan_own_variables(plan, caller))
