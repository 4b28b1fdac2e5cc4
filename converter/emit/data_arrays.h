/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_EMIT_DATA_ARRAYS_H
#define DBC_CONVERTER_EMIT_DATA_ARRAYS_H

#include <stdint.h>

#include "base/arena.h"
#include "converter/pack/packed_file.h"

/* A piece of the data section, named after the first that refers to it. */
struct data_array {
	uint32_t offset, bytes;
	uint32_t owner;   /* operator, or tensor if `what` is "constant" */
	const char *what; /* "weights", "bias", ... */
};

/*
 * Cuts the data section where the arrays of operators begin: all of its bytes,
 * in order, without gaps. *list is in the arena. Number of pieces; -1: out of
 * memory.
 */
int data_arrays(const struct packed_file *f, struct arena *a,
		struct data_array **list);

#endif
