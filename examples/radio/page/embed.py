#!/usr/bin/env python3
"""Writes files as a C table of struct page_file: embed.py OUTPUT FILE..."""

import hashlib
import os
import sys

TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.svg': 'image/svg+xml',
}


def array(index, data):
    lines = [f'static const unsigned char file_{index}[] = {{']
    for at in range(0, len(data), 16):
        lines.append('    ' + ' '.join(f'0x{byte:02x},' for byte in data[at:at + 16]))
    return '\n'.join(lines + ['};', ''])


def entry(index, path, data):
    name = os.path.basename(path)
    kind = TYPES[os.path.splitext(name)[1]]
    etag = hashlib.sha256(data).hexdigest()[:16]
    return (f'    {{ "{name}", "{kind}", "\\"{etag}\\"", file_{index}, sizeof file_{index} }},')


def main(output, paths):
    files = []
    for path in paths:
        with open(path, 'rb') as file:
            files.append((path, file.read()))
    with open(output, 'w', encoding='ascii') as out:
        out.write('#include "page.h"\n\n')
        for index, (_, data) in enumerate(files):
            out.write(array(index, data) + '\n')
        out.write('const struct page_file page_files[] = {\n')
        for index, (path, data) in enumerate(files):
            out.write(entry(index, path, data) + '\n')
        out.write('    { NULL, NULL, NULL, NULL, 0 },\n};\n')


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2:])
