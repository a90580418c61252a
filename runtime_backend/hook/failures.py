"""What is said when the real backend has failed: what it was called with, and what may have been the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import RuntimeBackendError
from ..plan import Plan
from ..real.backend import ChildFailed, exit_code, print_failure
from ..system.memory import count_kills

KILLED = (
    "the kernel has killed a process for want of memory meanwhile: compile less at once, by MAX_JOBS=1 for this call,"
    " or by jobs = 'auto' in [tool.runtime-backend.cuda]"
)
"""What is said when a build has failed so: the compilers themselves say nothing then, or a mere 'Killed'."""


@contextmanager
def story(
    plan: Plan,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    find_output: Callable[[], Path | None] = lambda: None,
    passed_on: type[Exception] | tuple[()] = (),
) -> Iterator[None]:
    """End the output of a failed call with what it was made with; the real backend's own words come first.

    :param environ: of the hook.
    :param find_output: returns the file that has the whole output, if one has it by then.
    :param passed_on: what is not the real backend's failure: what PEP 517 lets it raise, for the frontend to handle;
        all but the failure of a child, where it is called in one.
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
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a build script may do anything; it is told, and ends
        print_failure(error)
        code = exit_code(error)
    else:
        return
    _tell(plan, environ, say, find_output(), is_short_of_memory=count_kills() > kills)
    raise SystemExit(code) from None


def _tell(
    plan: Plan, environ: Mapping[str, str], say: Callable[[str], None], output: Path | None, *, is_short_of_memory: bool
) -> None:
    if plan.refusal is not None:
        raise plan.refusal
    from ..plan.as_text import short_story  # noqa: PLC0415 - a failure alone needs it
    from .prerequisites import find_missing  # noqa: PLC0415 - as above

    say(f"{plan.hook} of the real backend failed; it was called with")
    for line in short_story(plan):
        say(f"  {line}")
    if output is not None:
        say(f"  its whole output: {output}")
    if is_short_of_memory:
        say(KILLED)
    for line in find_missing(plan, environ):
        say(line)
