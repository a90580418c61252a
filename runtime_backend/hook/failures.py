"""The report about a failed call of the real backend: its runtime and settings, and the likely reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import RuntimeBackendError
from ..plan import Plan
from ..real.backend import ChildFailed, exit_code, print_failure
from ..system.memory import count_kills

KILLED = (
    "the kernel killed a process during this build, because memory ran out: compile fewer files at once, with"
    " MAX_JOBS=1 for this call, or with jobs = 'auto' in [tool.runtime-backend.cuda]"
)
"""The explanation of such a failure: the compilers themselves print nothing then, or only 'Killed'."""


@contextmanager
def story(
    plan: Plan,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    find_output: Callable[[], Path | None] = lambda: None,
    passed_on: type[Exception] | tuple[()] = (),
) -> Iterator[None]:
    """End the output of a failed call with its runtime and settings, after the output of the real backend.

    :param environ: the environment of the hook.
    :param find_output: returns the file with the whole output, if there is one by then.
    :param passed_on: exceptions that are no failure of the real backend: those that PEP 517 lets it raise, for the
        frontend to handle; for a call in a child, all except the failure of the child.
    """
    kills = count_kills()
    try:
        yield
    except RuntimeBackendError:
        raise
    except ChildFailed as failure:
        if failure.is_dead:
            say(f"{plan.hook} of the real backend: {failure.summary}")
        code = failure.code
    except passed_on:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a build script may raise anything; it is printed here
        print_failure(error)
        code = exit_code(error)
    else:
        return
    _report(plan, environ, say, find_output(), is_short_of_memory=count_kills() > kills)
    raise SystemExit(code) from None


def _report(
    plan: Plan, environ: Mapping[str, str], say: Callable[[str], None], output: Path | None, *, is_short_of_memory: bool
) -> None:
    if plan.refusal is not None:
        raise plan.refusal
    from ..plan.as_text import short_story  # noqa: PLC0415 - only after a failure
    from .prerequisites import find_missing  # noqa: PLC0415 - only after a failure

    say(f"{plan.hook} of the real backend failed; it was called with")
    for line in short_story(plan):
        say(f"  {line}")
    if output is not None:
        say(f"  its whole output: {output}")
    if is_short_of_memory:
        say(KILLED)
    for line in find_missing(plan, environ):
        say(line)
