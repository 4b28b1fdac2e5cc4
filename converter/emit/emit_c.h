/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_EMIT_EMIT_C_H
#define DBC_CONVERTER_EMIT_EMIT_C_H

#include <stdio.h>

#include "converter/emit/data_arrays.h"

/*
 * A packed model as C99, which compiles as C++ too: its tensors, parameters and
 * arrays as constants, and a function that calls those of libdbrt for one
 * operator after another: the same bits as from the packed file. Opening,
 * checking and the table of operators are left out. The arrays are those of
 * data_arrays().
 */
void emit_c_source(const struct packed_file *f, const char *prefix,
		   const struct data_array *arrays, int count, FILE *out);
/* Declares PREFIX_open(), and PREFIX_run() from a photo to its detections. */
void emit_c_header(const struct packed_file *f, const char *prefix, FILE *out);
/* A program that prints the detections in a photo. */
void emit_c_main(const char *prefix, FILE *out);
/* Builds it from the sources of libdbrt. */
void emit_c_cmake(const char *prefix, FILE *out);

#endif
