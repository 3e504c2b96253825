#!/usr/bin/env python3
"""Writes the first C block of a Markdown file to a file: extract.py README.md sample.c"""
import re
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    block = re.search(r"^```c\n(.*?)^```$", f.read(), re.S | re.M)
if block is None:
    sys.exit(f"{sys.argv[1]} has no block of C")
with open(sys.argv[2], "w", encoding="utf-8") as f:
    f.write(block.group(1))
