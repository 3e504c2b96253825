#!/usr/bin/env python3
"""count.py FILE: prints how many cases passed and failed, from TAP or from Meson's testlog.json.

A TAP program that stops before its plan is fulfilled, or that fails with all cases passed, counts as
one more failure. A program without TAP is one case. Skipped cases count as neither.
"""
import json
import re
import sys

CASE = re.compile(r'^(not )?ok\b(.*)$')
PLAN = re.compile(r'^1\.\.(\d+)')


def count_tap(text):
    passed = failed = skipped = 0
    plan = None
    for line in text.splitlines():
        case, planned = CASE.match(line), PLAN.match(line)
        if planned:
            plan = int(planned.group(1))
        elif case:
            if re.search(r'#\s*skip', case.group(2), re.I):
                skipped += 1
            elif case.group(1):
                failed += 1
            else:
                passed += 1
    if plan is not None and plan != passed + failed + skipped:
        failed += 1
    return passed, failed


def count_meson(lines):
    passed = failed = 0
    for line in lines:
        run = json.loads(line)
        good = run['result'] in ('OK', 'EXPECTEDFAIL', 'SKIP')
        p, f = count_tap(run.get('stdout') or '')
        if p + f == 0:
            p, f = (1, 0) if run['result'] == 'OK' else (0, 0 if good else 1)
        elif not good and f == 0:
            f = 1
        passed += p
        failed += f
    return passed, failed


def main(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            text = file.read()
    except FileNotFoundError:
        text = ''
    print(*(count_meson(text.splitlines()) if path.endswith('.json') else count_tap(text)))


if __name__ == '__main__':
    main(sys.argv[1])
