/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_ONNX_CASE_H
#define DBC_TESTS_ONNX_CASE_H

/* A cmocka test of one ONNX model: set up and torn down around each. */
#include "ir/config.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/temp_folder.h"

struct onnx_case {
	struct temp_folder folder;
	char path[TEMP_PATH_MAX]; /* of the model in it */
	struct onnx_builder builder;
	struct arena arena;
	struct diag d;
	struct config config;
	struct graph *graph; /* what was read last */
};

int onnx_case_setup(void **state);
int onnx_case_teardown(void **state);
/* A new, empty model; what was read and said is forgotten. */
void onnx_case_reset(struct onnx_case *c);

/* Writes the model and reads it. */
struct graph *onnx_case_read(struct onnx_case *c);
/* The same, and must succeed without a word. */
void onnx_case_reads(struct onnx_case *c);
/* Reading must fail with exactly this message behind `PATH: `. */
void onnx_case_refused(struct onnx_case *c, const char *message);
/* The same for a file of any bytes. */
void onnx_case_bytes_refused(struct onnx_case *c, const void *data,
			     size_t bytes, const char *message);
/* Reads well, and then shape inference must fail with this message. */
void onnx_case_load_refused(struct onnx_case *c, const char *message);

/* Shape and values of a constant of the graph. */
void onnx_case_constant(const struct onnx_case *c, const char *name,
			enum dtype dtype, const char *shape,
			const void *expected);
/* Reads the model, computes it on floats (its only input; NULL: it has none)
 * and compares the first output to a hundred thousandth. */
void onnx_case_computes(struct onnx_case *c, const float *x, const char *shape,
			const float *expected);

#endif
