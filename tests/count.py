#!/usr/bin/env python3
"""count.py FILE: prints how many cases passed and failed, from TAP or from Meson's testlog.json; then
the failed ones, a line each, with the last words of their program where Meson's log has them.

A TAP program that stops before its plan is fulfilled, or that fails with all cases passed, counts as
one more failure. A program without TAP is one case. Skipped cases count as neither.
"""
import json
import re
import sys

CASE = re.compile(r'^(not )?ok\b(.*)$')
PLAN = re.compile(r'^1\.\.(\d+)')
LAST_WORDS = 12


def count_tap(text):
    """The passed, and the names of the failed."""
    passed = skipped = 0
    failed = []
    plan = None
    for line in text.splitlines():
        case, planned = CASE.match(line), PLAN.match(line)
        if planned:
            plan = int(planned.group(1))
        elif case:
            if re.search(r'#\s*skip', case.group(2), re.I):
                skipped += 1
            elif case.group(1):
                failed.append(case.group(2).strip(' -'))
            else:
                passed += 1
    if plan is not None and plan != passed + len(failed) + skipped:
        failed.append(f'a plan of {plan} cases, of which {passed + len(failed) + skipped} ran')
    return passed, failed


def last_words(run):
    words = (run.get('stdout') or '').splitlines() + (run.get('stderr') or '').splitlines()
    return [f'    {line[:200]}' for line in words[-LAST_WORDS:]]


def count_meson(lines):
    passed, failed = 0, []
    for line in lines:
        run = json.loads(line)
        good = run['result'] in ('OK', 'EXPECTEDFAIL', 'SKIP')
        p, f = count_tap(run.get('stdout') or '')
        if p + len(f) == 0 and run['result'] == 'OK':
            p = 1
        elif not good and not f:
            f = [run['result'].lower()]
        passed += p
        if f:
            failed.append((len(f), [f"{run['name']}: {name}" for name in f] + last_words(run)))
    return passed, failed


def main(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            text = file.read()
    except FileNotFoundError:
        text = ''
    if path.endswith('.json'):
        passed, groups = count_meson(text.splitlines())
        print(passed, sum(n for n, _ in groups))
        lines = [line for _, group in groups for line in group]
    else:
        passed, lines = count_tap(text)
        print(passed, len(lines))
    for line in lines:
        print(line)


if __name__ == '__main__':
    main(sys.argv[1])
