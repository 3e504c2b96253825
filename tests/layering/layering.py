#!/usr/bin/env python3
"""The rules of the house, checked by reading includes and undefined symbols.

layering.py --root FOLDER [--base NAME.c ...] [--library LAYER=ARCHIVE ...] [--wolfssl ARCHIVE]
    checks the tree and the objects of each layer; prints TAP
layering.py --self-test --cc COMPILER
    plants violations in a temporary tree and checks that each one is found; prints TAP
"""
import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

CORE = ('transport', 'ice', 'srtp')
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

# Headers of others: the folders that may include them.
OWNERS = [
    (re.compile(r'wolfssl/(?!wolfcrypt/)'), ('transport/dtls/',)),
    (re.compile(r'wolfssl/wolfcrypt/'), ('transport/', 'srtp/', 'ice/')),
    (re.compile(r'srtp2/'), ('srtp/',)),
    (re.compile(r'(nice|stun|glib|gio|gobject|glib-object|gst)[/.]'), ('ice/agent/',)),
    (re.compile(r'avahi-\w+/'), ('ice/agent/',)),
]
# Single files with a reason to touch the file system or the environment: the key log.
FILES = ('transport/dtls/keylog_file.c',)
FILE_RULES = ('descriptor', 'environment')
# What has sockets, clocks or threads behind it.
OUTSIDE = ('transport/runtime/', 'ice/agent/')
OUTSIDE_HEADERS = re.compile(
    r'(poll|threads|unistd|fcntl|signal|ifaddrs|netdb|net/if|linux/.*|'
    r'sys/(epoll|poll|select|time|timerfd|eventfd|ioctl|uio|un|mman|stat))\.h$')

# Symbols of the C library that only OUTSIDE may use, by what they stand for.
FORBIDDEN = {
    'socket': r'socket|socketpair|bind|listen|accept4?|connect|shutdown|send|sendto|sendm?msg|'
              r'recv|recvfrom|recvm?msg|[gs]etsockopt|getsockname|getpeername|getaddrinfo|'
              r'gethostby\w+|getifaddrs|if_nameindex',
    'descriptor': r'open(at)?(64)?|close|p?readv?(64)?|p?writev?(64)?|fcntl(64)?|ioctl|dup[23]?|pipe2?|'
                  r'eventfd|timerfd_\w+|signalfd|epoll_\w+|p?poll|p?select|fopen(64)?|fdopen|mmap(64)?|'
                  r'io_uring_\w+|syscall',
    'clock': r'clock_\w+|gettimeofday|time|ftime|timespec_get|timer_\w+|setitimer|alarm|'
             r'(nano|u)?sleep|clock_nanosleep|localtime(_r)?|strftime',
    'thread': r'pthread_(create|join|detach|cond_\w+|barrier_\w+|kill|cancel|sigmask)|thrd_\w+|cnd_\w+|'
              r'sem_\w+|fork|vfork|exec\w+|sigaction|signal',
    'GLib': r'g_\w+|nice_\w+|stun_\w+',
    'hidden randomness': r'rand(_r)?|srand(om)?|random|[dejlmn]rand48|arc4random\w*',
    'environment': r'(secure_)?getenv|setenv|putenv',
}
# The default hooks (memory, random bytes) live in the lowest layer, so these are free there only.
HOOKED = {
    'memory past the hooks': r'malloc|calloc|realloc|reallocarray|free|strn?dup|v?asprintf|aligned_alloc|'
                             r'posix_memalign',
    'randomness past the hooks': r'getrandom|getentropy',
}


def layer_of(path):
    """Which layer a file of ours belongs to, from its place."""
    for prefix, layer in (('transport/runtime/', 'runtime'), ('transport/dtls/', 'dtls'),
                          ('transport/include/', 'public'), ('transport/', 'transport'),
                          ('ice/agent/', 'agent'), ('ice/', 'ice'), ('srtp/', 'srtp')):
        if path.startswith(prefix):
            return layer
    return 'outside'


# Which layers a layer may include. "base" is told apart from "transport" by the list of sources.
MAY_INCLUDE = {
    'public': {'public'},
    'base': {'public', 'base'},
    'ice': {'public', 'base', 'ice'},
    'srtp': {'public', 'base', 'srtp'},
    'dtls': {'public', 'base', 'dtls'},
    'transport': {'public', 'base', 'ice', 'srtp', 'dtls', 'transport'},
    'runtime': {'public', 'base', 'transport', 'runtime'},
    'agent': {'public', 'base', 'ice', 'dtls', 'transport', 'runtime', 'agent'},
}


class Tree:
    """The sources below a root, with the layer of each."""

    def __init__(self, root, base):
        self.root = pathlib.Path(root)
        self.base = {self.place(name) for name in base}
        self.files = sorted(
            p.relative_to(self.root).as_posix()
            for top in CORE for p in (self.root / top).rglob('*') if p.suffix in ('.c', '.h'))

    @staticmethod
    def place(path):
        path = pathlib.PurePath(path)
        return path.parent.name, path.stem

    def layer(self, path):
        layer = layer_of(path)
        # wolfSSL's hooks live beside their biggest user, but every layer needs them.
        if layer in ('transport', 'dtls') and self.place(path) in self.base:
            return 'base'
        if layer == 'transport' and self.is_base_header(path):
            return 'base'
        return layer

    def is_base_header(self, path):
        """A header without a source is as low as what it includes."""
        if not path.endswith('.h') or (self.root / path).with_suffix('.c').exists():
            return False
        return all(self.layer(name) in ('base', 'public') for quote, name in self.included(path)
                   if quote == '"' and name != path)

    def included(self, path):
        text = (self.root / path).read_text() if (self.root / path).is_file() else ''
        return INCLUDE.findall(re.sub(r'/\*.*?\*/', '', text, flags=re.S))

    def includes(self):
        for path in self.files:
            for quote, name in self.included(path):
                yield path, quote, name


def libraries_in_their_layer(tree):
    for path, _, name in tree.includes():
        for pattern, owners in OWNERS:
            if pattern.match(name):
                public = path.startswith('transport/include/')
                if public or not path.startswith(owners):
                    yield f'{path}: <{name}> belongs to {", ".join(owners)} only'


def no_outside_headers(tree):
    for path, _, name in tree.includes():
        if OUTSIDE_HEADERS.match(name) and not path.startswith(OUTSIDE) and path not in FILES:
            yield f'{path}: <{name}> brings sockets, clocks, threads or descriptors'


def root_relative(tree):
    for path, quote, name in tree.includes():
        if quote == '"' and not (tree.root / name).is_file():
            yield f'{path}: "{name}" is not relative to the root'
        if quote == '"' and name.startswith('transport/include/'):
            yield f'{path}: "{name}" is public, write <strait/…>'
        if quote == '<' and name.startswith('strait/') and \
                not (tree.root / 'transport/include' / name).is_file():
            yield f'{path}: there is no public header <{name}>'


def downwards_only(tree):
    for path, quote, name in tree.includes():
        if quote != '"' or not (tree.root / name).is_file():
            continue
        if tree.layer(name) not in MAY_INCLUDE.get(tree.layer(path), set()):
            yield f'{path} ({tree.layer(path)}): "{name}" is of {tree.layer(name)}, not below it'


def nothing_above_runtime(tree):
    for path, _, name in tree.includes():
        if name == 'strait/runtime.h' and not path.startswith(OUTSIDE + ('transport/include/',)):
            yield f'{path}: <{name}> in the core'


SOURCE_RULES = [
    ('each library is included in its own layer only', libraries_in_their_layer),
    ('sockets, clocks and threads are included by the runtime only', no_outside_headers),
    ('includes are relative to the root', root_relative),
    ('a layer includes only what is below it', downwards_only),
    ('nothing in the core knows the runtime', nothing_above_runtime),
]


def undefined_symbols(archive):
    out = subprocess.run(['nm', '--undefined-only', str(archive)], check=True, text=True,
                         capture_output=True).stdout
    member = str(archive)
    for line in out.splitlines():
        if line.endswith(':'):
            member = line[:-1]
        elif line.strip():
            yield member, line.split()[-1].split('@')[0]


def file_of(member):
    """keylog_file.c of "transport_dtls_keylog_file.c.o", as Meson calls it."""
    for path in FILES:
        if pathlib.PurePath(member).name.endswith((path.replace('/', '_') + '.o',
                                                   '/' + pathlib.PurePath(path).name + '.o')):
            return pathlib.PurePath(path).name
    return None


def bad_symbols(layer, archive):
    rules = dict(FORBIDDEN)
    if layer != 'base':
        rules.update(HOOKED)
    files = {pathlib.PurePath(path).name for path in FILES}
    for member, symbol in undefined_symbols(archive):
        for what, pattern in rules.items():
            allowed = what in FILE_RULES and file_of(member) in files
            if re.fullmatch(pattern, symbol) and not allowed:
                yield f'{member}: {symbol} ({what})'


def past_the_hooks(archive):
    """Of wolfSSL: what takes time, memory or random bytes from elsewhere than our hooks."""
    rules = {what: FORBIDDEN[what] for what in ('clock', 'hidden randomness', 'environment')}
    rules.update(HOOKED)
    for member, symbol in undefined_symbols(archive):
        for what, pattern in rules.items():
            if re.fullmatch(pattern, symbol):
                yield f'{member}: {symbol} ({what})'


def bare_names(archive):
    """Global symbols of ours that could clash: all carry strait_ or strait__."""
    out = subprocess.run(['nm', '--defined-only', '--extern-only', str(archive)], check=True,
                         text=True, capture_output=True).stdout
    # wolfSSL asks for these two by their bare names.
    wanted = {'LowResTimer', 'TimeNowInMilliseconds'}
    for line in out.splitlines():
        words = line.split()
        if len(words) == 3 and not words[2].startswith(('strait_', '__odr_asan')) and \
                words[2] not in wanted:
            yield f'{archive}: {words[2]}'


class Tap:
    def __init__(self):
        self.number = 0
        self.failed = 0

    def case(self, name, problems):
        self.number += 1
        problems = list(problems)
        print(f'{"not ok" if problems else "ok"} {self.number} - {name}')
        for problem in problems:
            print(f'# {problem}')
        self.failed += bool(problems)

    def done(self):
        print(f'1..{self.number}')
        return 1 if self.failed else 0


def check(args):
    tap = Tap()
    tree = Tree(args.root, args.base)
    tap.case('there are sources to check', [] if tree.files else ['none found'])
    for name, rule in SOURCE_RULES:
        tap.case(name, rule(tree))
    for layer, archive in (item.split('=', 1) for item in args.library):
        tap.case(f'{layer}: symbols carry the prefix', bare_names(archive))
        if layer not in ('runtime', 'agent'):
            tap.case(f'{layer}: nothing of sockets, clocks or threads', bad_symbols(layer, archive))
    if args.wolfssl:
        tap.case('wolfSSL: time, memory and random bytes come from the hooks',
                 past_the_hooks(args.wolfssl))
    return tap.done()


# Planted: which file, with what in it, has to be found by which rule.
CLEAN = {
    'transport/util.h': '#include <stddef.h>\n',
    'transport/util.c': '#include "transport/util.h"\n',
    'transport/transport.h': '#include "ice/lite.h"\n#include "transport/limits.h"\n',
    'transport/limits.h': '#include "transport/util.h"\n',
    'transport/transport.c': '#include "transport/transport.h"\n#include "ice/lite.h"\n',
    'transport/include/strait/types.h': '#include <stdint.h>\n',
    'transport/include/strait/runtime.h': '#include <strait/types.h>\n',
    'transport/dtls/association.c': '#include <wolfssl/ssl.h>\n#include "transport/util.h"\n',
    'transport/runtime/loop.c': '#include <sys/epoll.h>\n#include <strait/runtime.h>\n',
    'ice/lite.h': '#include "transport/limits.h"\n',
    'ice/lite.c': '#include <wolfssl/wolfcrypt/hmac.h>\n#include "ice/lite.h"\n',
    'srtp/session.c': '#include <srtp2/srtp.h>\n/* #include <poll.h> is a comment */\n',
}
PLANTED = [
    (libraries_in_their_layer, 'transport/transport.c', '#include <wolfssl/ssl.h>'),
    (libraries_in_their_layer, 'transport/dtls/association.c', '#include <srtp2/srtp.h>'),
    (libraries_in_their_layer, 'ice/lite.c', '#include <nice/agent.h>'),
    (libraries_in_their_layer, 'transport/runtime/loop.c', '#include <glib.h>'),
    (libraries_in_their_layer, 'transport/include/strait/types.h', '#include <wolfssl/wolfcrypt/aes.h>'),
    (no_outside_headers, 'ice/lite.c', '#include <poll.h>'),
    (no_outside_headers, 'transport/transport.c', '#  include <sys/epoll.h>'),
    (no_outside_headers, 'srtp/session.c', '#include <threads.h>'),
    (root_relative, 'ice/lite.c', '#include "lite.h"'),
    (root_relative, 'srtp/session.c', '#include "../transport/util.h"'),
    (downwards_only, 'ice/lite.c', '#include "transport/transport.h"'),
    (downwards_only, 'transport/util.c', '#include "ice/lite.h"'),
    (downwards_only, 'transport/limits.h', '#include "ice/lite.h"'),
    (downwards_only, 'srtp/session.c', '#include "ice/lite.h"'),
    (nothing_above_runtime, 'transport/transport.c', '#include <strait/runtime.h>'),
]
PLANTED_SYMBOLS = [
    ('ice', 'int socket(int, int, int); int f(void) { return socket(1, 2, 3); }'),
    ('dtls', 'long time(long *); long f(void) { return time(0); }'),
    ('transport', 'int clock_gettime(int, void *); int f(void) { return clock_gettime(0, 0); }'),
    ('srtp', 'int pthread_create(void *, void *, void *, void *);'
             'int f(void) { return pthread_create(0, 0, 0, 0); }'),
    ('transport', 'void *malloc(unsigned long); void *f(void) { return malloc(3); }'),
    ('base', 'int g_main_context_iteration(void *, int);'
             'int f(void) { return g_main_context_iteration(0, 0); }'),
]


def plant(folder, files):
    for path, text in files.items():
        target = pathlib.Path(folder) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def found(folder, rule):
    return list(rule(Tree(folder, ['transport/util.c'])))


def compiled(cc, folder, text):
    source = pathlib.Path(folder) / 'planted.c'
    source.write_text(text + '\n')
    subprocess.run(shlex.split(cc) + ['-w', '-fno-builtin', '-c', str(source), '-o',
                                      f'{folder}/planted.o'], check=True)
    return f'{folder}/planted.o'


def self_test(args):
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        plant(folder, CLEAN)
        for name, rule in SOURCE_RULES:
            tap.case(f'a clean tree: {name}', found(folder, rule))
        for rule, path, line in PLANTED:
            plant(folder, {path: CLEAN[path] + line + '\n'})
            tap.case(f'{path} with {line.lstrip("# ")}', [] if found(folder, rule) else ['not found'])
            plant(folder, {path: CLEAN[path]})
        for layer, text in PLANTED_SYMBOLS:
            hits = list(bad_symbols(layer, compiled(args.cc, folder, text)))
            tap.case(f'{layer} with {text.split("(")[0].split()[-1]}', [] if hits else ['not found'])
        wolf = compiled(args.cc, folder, PLANTED_SYMBOLS[1][1])
        tap.case('wolfSSL with time', [] if list(past_the_hooks(wolf)) else ['not found'])
        bare = list(bare_names(compiled(args.cc, folder, 'int stun_parse(void) { return 0; }')))
        tap.case('a bare name', [] if bare else ['not found'])
        clean = compiled(args.cc, folder, 'void *memcpy(void *, void *, unsigned long);'
                         'void strait__f(void *p) { memcpy(p, p, 1); }')
        tap.case('a clean object', list(bad_symbols('ice', clean)) + list(bare_names(clean)))
    return tap.done()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--root')
    parser.add_argument('--base', nargs='*', default=[])
    parser.add_argument('--library', action='append', default=[])
    parser.add_argument('--wolfssl')
    parser.add_argument('--self-test', action='store_true')
    parser.add_argument('--cc', default='cc')
    args = parser.parse_args()
    return self_test(args) if args.self_test else check(args)


if __name__ == '__main__':
    sys.exit(main())
