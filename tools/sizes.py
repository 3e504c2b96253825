#!/usr/bin/env python3
"""sizes.py SOURCE BUILDS [--write FILE]

Builds the library in three shapes below the folder BUILDS, measures each and prints a table in Markdown: the
library's text and data, and the memory that an association and a transport take (tools/footprint.c).
--write puts it into FILE between the lines "<!-- sizes -->" and "<!-- /sizes -->".
"""
import pathlib
import re
import subprocess
import sys

CONSTRAINED = ['-Dfull_ice=false', '-Dpost_quantum=false', '-Drsa=false', '-Dlogging=false',
               '-Dsmall_crypto=true', '-Dbuildtype=minsize']
SHAPES = {
    'full': ['-Dbuildtype=release'],
    'server (lite ICE only)': ['-Dbuildtype=release', '-Dfull_ice=false'],
    'constrained': CONSTRAINED,
}
COMMON = ['-Dtests=disabled', '-Dexamples=disabled', '-Ddefault_library=shared', '-Db_ndebug=true']


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def build(source, folder, options):
    if not (folder / 'build.ninja').exists():
        run('meson', 'setup', *COMMON, *options, str(folder), str(source))
    run('ninja', '-C', str(folder))


def sections(folder):
    """Text and data of the library."""
    library = next(path for path in folder.glob('libstrait.so.*') if path.is_file())
    text, data, bss = run('size', str(library)).splitlines()[1].split()[:3]
    return int(text), int(data) + int(bss)


def footprint(folder):
    words = run(str(folder / 'tools' / 'footprint')).split()
    return {name: int(value) for name, value in zip(words[::2], words[1::2])}


def kilobytes(number):
    return f'{number / 1000:.1f}'


def association(figures, version):
    """Of the two sides the one that takes more."""
    sides = [side for side in ('client', 'server') if f'{version}_{side}_after' in figures]
    if not sides:
        return '–'
    return ' / '.join(kilobytes(max(figures[f'{version}_{side}_{when}'] for side in sides))
                      for when in ('before', 'peak', 'after'))


def row(name, text, data, figures):
    return ' | '.join(['| ' + name, kilobytes(text), kilobytes(data),
                       association(figures, 'dtls12'), association(figures, 'dtls13'),
                       association(figures, 'dtls13pq'),
                       kilobytes(figures['transport_after']) + ' |'])


def table(source, builds):
    lines = ['| build | text | data | DTLS 1.2 | DTLS 1.3 | 1.3 post-quantum | transport |',
             '|---|---:|---:|---:|---:|---:|---:|']
    for name, options in SHAPES.items():
        folder = builds / ('build-size-' + name.split()[0])
        build(source, folder, options)
        lines.append(row(name, *sections(folder), footprint(folder)))
    return '\n'.join(lines)


def write(path, text):
    old = path.read_text(encoding='utf-8')
    new, n = re.subn(r'(<!-- sizes -->\n).*?(<!-- /sizes -->)',
                     lambda match: match.group(1) + text + '\n' + match.group(2), old, flags=re.S)
    if n != 1:
        sys.exit(f'{path} has no place for the table')
    path.write_text(new, encoding='utf-8')


def main(source, builds, *options):
    text = table(pathlib.Path(source), pathlib.Path(builds))
    print(text)
    if options:
        write(pathlib.Path(options[1]), text)


if __name__ == '__main__':
    if len(sys.argv) < 3 or (len(sys.argv) > 3 and (len(sys.argv) != 5 or sys.argv[3] != '--write')):
        sys.exit(__doc__)
    main(*sys.argv[1:])
