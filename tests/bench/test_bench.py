#!/usr/bin/env python3
"""test_bench.py BENCH: runs each benchmark once, quickly, and looks at the rows. Prints TAP.

What it takes is measured by ./dev bench; here only the form counts, and that the work was done.
"""
import json
import math
import pathlib
import subprocess
import sys
import tempfile

FIELDS = {'bench': str, 'case': str, 'value': float, 'unit': str, 'floor': (float, type(None)),
          'peer': (float, type(None)), 'peer_name': (str, type(None)),
          'ratio_floor': (float, type(None)), 'ratio_peer': (float, type(None)), 'min': float,
          'max': float, 'runs': int}
RATES = ('1/cpu-s',)


def run(bench, *arguments):
    return subprocess.run([bench, *arguments], capture_output=True, text=True, timeout=100)


def list_cases(bench):
    """{benchmark: [case and more]} from --list; cases are indented."""
    found, name = {}, None
    for line in run(bench, '--list').stdout.splitlines():
        if line.startswith(' '):
            found[name].append(line.strip())
        else:
            name = line.split()[0]
            found[name] = []
    return found


def ratio_holds(row, of):
    """Of costs, which is the other way round where the unit is a rate."""
    if row[of] is None or row[of] == 0:
        return row['ratio_' + of] is None
    ratio = row[of] / row['value'] if row['unit'] in RATES else row['value'] / row[of]
    return math.isclose(row['ratio_' + of], ratio, rel_tol=1e-5)


def complaints(row):
    if set(row) != set(FIELDS):
        yield f'its fields are {sorted(row)}'
        return
    for field, kind in FIELDS.items():
        if not isinstance(row[field], kind):
            yield f'{field} is {row[field]!r}'
    if not row['min'] <= row['value'] <= row['max']:
        yield 'its value is not between min and max'
    if row['unit'] != 'runs' and row['value'] <= 0:
        yield 'it cost nothing'
    if row['runs'] != 1:
        yield f'it ran {row["runs"]} times'
    if (row['peer'] is None) != (row['ratio_peer'] is None):
        yield 'it has a ratio without a peer'
    for of in ('floor', 'peer'):
        if not ratio_holds(row, of):
            yield f'ratio_{of} is not that of the costs'


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def case(self, name, problems):
        problems = list(problems)
        self.count += 1
        self.failed += bool(problems)
        for problem in problems:
            print(f'# {problem}')
        print(f'{"not ok" if problems else "ok"} {self.count} - {name}', flush=True)


def rows_of(tap, bench, folder, name, cases):
    """One benchmark: each of its cases has a row of the one form."""
    path = pathlib.Path(folder, name + '.json')
    done = run(bench, name, '--quick', '--runs', '1', '--json', str(path))
    if done.returncode != 0:
        tap.case(f'{name}_runs', [f'exit {done.returncode}', *done.stderr.splitlines()])
        return
    rows = json.loads(path.read_text())['rows']
    tap.case(f'{name}_runs', [] if rows else ['no row'])
    tap.case(f'{name}_rows_have_the_form', [f'{row.get("case")}: {c}' for row in rows
                                            for c in complaints(row)])
    tap.case(f'{name}_has_a_row_for_each_case',
             [f'none for {case}' for case in cases
              if not any(case.startswith(row['case'] + ',') for row in rows)])
    tap.case(f'{name}_prints_what_it_writes',
             [f'not in the table: {row["case"]}' for row in rows
              if f'  {row["case"]} ' not in done.stdout])


def main(bench):
    tap = Tap()
    found = list_cases(bench)
    tap.case('list_names_benchmarks_with_cases',
             [f'{name} has none' for name, cases in found.items() if not cases]
             or ([] if found else ['it is empty']))
    with tempfile.TemporaryDirectory() as folder:
        for name, cases in found.items():
            rows_of(tap, bench, folder, name, cases)
    wrong = run(bench, 'no-such-benchmark')
    tap.case('a_wrong_name_is_refused',
             [] if wrong.returncode == 2 and 'no-such-benchmark' in wrong.stderr
             else [f'exit {wrong.returncode}: {wrong.stderr}'])
    unwritable = run(bench, '--json', '/dev/null/rows')
    tap.case('a_file_that_cannot_be_written_is_named_before_anything_runs',
             [] if unwritable.returncode == 1 and '/dev/null/rows' in unwritable.stderr
             and not unwritable.stdout else [f'exit {unwritable.returncode}: {unwritable.stdout}'])
    print(f'1..{tap.count}')
    return 1 if tap.failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
