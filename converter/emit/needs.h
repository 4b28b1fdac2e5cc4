/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_EMIT_NEEDS_H
#define DBC_CONVERTER_EMIT_NEEDS_H

#include <stdio.h>

#include <jansson.h>

#include "converter/pack/packed_file.h"

enum { NEED_PLAIN, NEED_DEPTHWISE, NEED_FORMS };

/* What packed models need of the device library. */
struct needs {
	const char *name[DBP_OP_COUNT]; /* of an operator that is used */
	int count[DBP_OP_COUNT][NEED_FORMS];
	unsigned bits[DBP_OP_COUNT][NEED_FORMS]; /* bit n: weights of n bits */
	bool detector, coded;
};

/* Adds what a model needs. */
void needs_add(struct needs *n, const struct packed_file *f);
/* One line for each operator: how many, and the widths of their weights. */
void needs_print(const struct needs *n, FILE *out);
json_t *needs_json(const struct needs *n);
/*
 * A C file that takes the place of the library's table of operators
 * (runtime/op_table.c) and names those that the models need. C99 and C++. With
 * --gc-sections the linker leaves out all others.
 */
void needs_emit(const struct needs *n, FILE *out);

#endif
