/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_TARGET_H
#define DBC_CONVERTER_TARGET_H

#include <stdio.h>

#include "base/arena.h"
#include "base/diag.h"
#include "quantizer/bits/cost.h"

/*
 * A board's description: a name of targets/ (built into the program), or the
 * path of a file, which has a '/' in it or ends in .yaml. Fields and units:
 * schemas/target.md. Everything that the target points to lives in the arena.
 */
int target_load(const char *name_or_path, struct arena *a,
		struct cost_target *t, struct diag *d);
/* Prints a board as the lines of a target file before its kernels, with its own
 * source; and a row of the kernels, with its source. */
void target_print_board(const struct cost_target *t, const char *source,
			FILE *out);
void target_print_kernel(const struct cost_kernel *k, FILE *out);
/* Names of the built-in targets, in alphabetical order; NULL past the end. */
const char *target_name(int i);

#endif
