"""Job control for one command, as a shell has it: python shell.py REPORT COMMAND...

Runs in a session and terminal of its own. The command gets a process group and the terminal; when
it stops, the terminal is taken back for a moment and given to it again. What happens is written to
the file descriptor REPORT, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import termios
import time


def main() -> None:
    report_to, command = int(sys.argv[1]), sys.argv[2:]

    def report(**values: object) -> None:
        os.write(report_to, (json.dumps(values) + "\n").encode())

    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # so that taking the terminal back never stops us
    before = termios.tcgetattr(0)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.close(report_to)
        os.execvp(command[0], command)
    report(pid=child)
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        os.tcsetpgrp(0, os.getpgrp())
        if not os.WIFSTOPPED(status):
            break
        suspended = termios.tcgetattr(0)
        report(stopped=os.WSTOPSIG(status), restored=suspended[:4] == before[:4])
        time.sleep(0.2)
        termios.tcflush(0, termios.TCIFLUSH)  # what was typed in the meantime went to the shell
        os.tcsetpgrp(0, child)
        os.killpg(child, signal.SIGCONT)
    restored = termios.tcgetattr(0)[:4] == before[:4]
    report(exit=os.waitstatus_to_exitcode(status), restored=restored)


main()
