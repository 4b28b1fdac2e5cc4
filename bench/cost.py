#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Seconds and peak memory of a command, which must succeed:

  bench/cost.py NAME COMMAND...
"""
import resource
import subprocess
import sys
import time

start = time.perf_counter()
subprocess.run(sys.argv[2:], check=True)
seconds = time.perf_counter() - start
peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print("%-44s %7.2f s %8.1f MB" % (sys.argv[1], seconds, peak_kb / 1024))
