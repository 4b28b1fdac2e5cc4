/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_TARGET_H
#define DBC_CONVERTER_TARGET_H

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
/* Names of the built-in targets, in alphabetical order; NULL past the end. */
const char *target_name(int i);

#endif
