"""`mnist-tui gradcheck`: backpropagation against numerical differentiation."""

from __future__ import annotations

import math
import sys

from nn.analysis.gradcheck import THRESHOLD, check_gradients
from tui.system.exits import CommandError, ExitCode


def gradcheck() -> ExitCode:
    """Compare analytical with numerical gradients of every layer, activation and loss."""
    out = sys.stdout.write
    out(f"{'gradient of':<56} {'elements':>8} {'error':>8}\n")
    failed = 0
    for check in check_gradients():
        verdict = "" if check.passed else "  FAILED"
        out(f"{check.what:<56} {math.prod(check.shape):>8} {check.relative_error:>8.1e}{verdict}\n")
        failed += not check.passed
    if failed:
        raise CommandError(f"{failed} relative errors above {THRESHOLD:g}", ExitCode.FAILURE)
    return ExitCode.SUCCESS
