#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fits the kernels of a target file to times of operators.

    bench/fit_target.py [--cross] MHZ TIMES...

TIMES are outputs of `time_dbp MODEL.dbp RUNS 1`, which ran on the board or on a
simulator of it, at MHZ. Prints rows for `kernels:` of a target file
(schemas/target.md): one for each name of a kernel that enough operators have,
and for the parts of names before dots. The cycles of a kernel are a sum of terms
that are not negative: set-up, steps or bytes, elements of the output, rows of
gathered windows, bytes of weights and activations. They are chosen for the least
squared relative error, then scaled so that the sum over the operators is right.

--cross: prints instead how well the rows from the other files predict each
file, operator by operator (median of the absolute error) and in whole.
"""
import itertools
import sys

LEAST = 4  # operators of a kernel, for a row of a longer name
TERMS = 5  # of which the second is the work
EACH = 3  # operators a term
# kernels without weights that the cores share
SHARED = ("avg_pool", "max_pool", "resize")


def read(path, mhz):
    rows = []
    for line in open(path):
        part = line.rstrip("\n").split("\t")
        if len(part) != 8:
            continue
        steps, outputs, windows, moved = map(float, part[3:7])
        cycles = float(part[7]) * mhz
        kernel = part[1]
        if "_w" in kernel:
            terms = (1.0, steps, outputs, windows, moved)
        else:
            terms = (1.0, moved, outputs, windows, 0.0)
        rows.append((kernel, terms, cycles))
    return rows


def solve(a, b):
    """Gaussian elimination with pivots; None if singular."""
    n = len(b)
    m = [row[:] + [b[i]] for i, row in enumerate(a)]
    for i in range(n):
        p = max(range(i, n), key=lambda r: abs(m[r][i]))
        if abs(m[p][i]) < 1e-12 * (abs(a[i][i]) + 1e-300):
            return None
        m[i], m[p] = m[p], m[i]
        for r in range(n):
            if r != i:
                f = m[r][i] / m[i][i]
                m[r] = [x - f * y for x, y in zip(m[r], m[i])]
    return [m[i][n] / m[i][i] for i in range(n)]


def predict(terms, features):
    return sum(t * f for t, f in zip(terms, features))


def error(terms, rows):
    return sum((predict(terms, f) / c - 1) ** 2 for _, f, c in rows)


def solve_subset(rows, subset):
    """The terms of a subset, others 0; None where one would be negative."""
    a = [[sum(f[i] * f[j] / c ** 2 for _, f, c in rows) for j in subset]
         for i in subset]
    b = [sum(f[i] / c for _, f, c in rows) for i in subset]
    x = solve(a, b)
    if x is None or min(x) < 0:
        return None
    terms = [0.0] * TERMS
    for i, v in zip(subset, x):
        terms[i] = v
    return terms if terms[1] > 0 else None


def fit(rows):
    """Of all subsets with the work in it, the one of least error."""
    rows = [r for r in rows if r[2] > 0]
    most = max(1, min(TERMS, len(rows) // EACH))
    best = None
    for size in range(1, most + 1):
        for others in itertools.combinations((0, 2, 3, 4), size - 1):
            terms = solve_subset(rows, (1,) + others) if rows else None
            if terms and (best is None or
                          error(terms, rows) < error(best, rows)):
                best = terms
    return best and scaled(best, rows)


def scaled(terms, rows):
    """Least squares of relative errors predict too little; the sum is right."""
    factor = sum(c for _, _, c in rows) / \
        sum(predict(terms, f) for _, f, _ in rows)
    return [t * factor for t in terms]


def names_of(kernel):
    """A name, and its parts before dots, the longest first."""
    parts = kernel.split(".")
    return [".".join(parts[:n]) for n in range(len(parts), 0, -1)]


def fit_all(rows):
    kernels = {}
    for row in rows:
        for name in names_of(row[0]):
            kernels.setdefault(name, []).append(row)
    kept = {k: v for k, v in kernels.items()
            if "." not in k or len(v) >= LEAST}
    return {k: fit(v) for k, v in kept.items()}, kernels


def row_for(fits, kernel):
    """The row that the tool would take, or None."""
    found = [fits[n] for n in names_of(kernel) if fits.get(n)]
    return found[0] if found else None


def number(x):
    return f"{x:.3g}" if x < 1000 else f"{x:.0f}"


def print_rows(rows):
    fits, kernels = fit_all(rows)
    longest_first = sorted(fits.items(), key=lambda f: (
        f[0].split(".")[0], -f[0].count("."), f[0]))
    for kernel, terms in longest_first:
        if terms is None:
            continue
        unit = "macs" if "_w" in kernel else "bytes"
        text = f"{unit}_per_cycle: {number(1 / terms[1])}"
        for name, term in (("output_cycles", terms[2]),
                           ("window_cycles", terms[3]),
                           ("byte_cycles", terms[4]),
                           ("setup_cycles", terms[0])):
            if term > 0:
                text += f", {name}: {number(term)}"
        if unit == "bytes" and not kernel.startswith(SHARED):
            text += ", parallel: false"
        print(f"  {kernel}: {{{text}}} # {len(kernels[kernel])} operators")


def median(values):
    values = sorted(values)
    return values[len(values) // 2] if values else float("nan")


def print_cross(files):
    for name, rows in files:
        others = [r for other, rs in files if other != name for r in rs]
        fits, _ = fit_all(others or rows)
        known = [(row_for(fits, k), f, c) for k, f, c in rows
                 if row_for(fits, k) and c > 0]
        errors = [abs(predict(t, f) / c - 1) for t, f, c in known]
        whole = sum(predict(t, f) for t, f, c in known)
        true = sum(c for _, _, c in known)
        print(f"{name}\t{len(known)} of {len(rows)} operators\t"
              f"median error {100 * median(errors):.1f} %\t"
              f"whole {100 * (whole / true - 1):+.1f} % of {true / 1e6:.2f} M")


def main():
    args = sys.argv[1:]
    cross = args[:1] == ["--cross"]
    args = args[cross:]
    mhz = float(args[0])
    files = [(path, read(path, mhz)) for path in args[1:]]
    if cross:
        print_cross(files)
    else:
        print_rows([r for _, rows in files for r in rows])


if __name__ == "__main__":
    main()
