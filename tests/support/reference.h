/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_REFERENCE_H
#define DBC_TESTS_REFERENCE_H

/*
 * An interpreter of ONNX models for tests: plain, slow, in doubles, written
 * from the definitions of the operators. It reads the messages of a file and
 * shares no code with the reader, the passes or the evaluator, so that both
 * can be compared. A node that it cannot compute fails the test.
 */
#include "tests/support/onnx_builder.h"
#include "tests/support/reference_node.h"

struct ref_value {
	const char *name;
	struct ref_tensor t;
	struct ref_value *next;
};

struct reference {
	const Onnx__GraphProto *graph;
	int64_t opset;
	struct arena arena;
	struct ref_value *values; /* the newest one first */
	/* Every computed value is rounded to so many levels, over the range
	 * that the value has in other runs; 0: not rounded. */
	int levels;
	struct reference *runs;
	int run_count;
};

/* For a model that may still grow; it knows no values yet. */
void reference_init(struct reference *r, const struct onnx_builder *b);
void reference_free(struct reference *r);

/* Gives a value: that of an input. `v` is copied. */
void reference_set(struct reference *r, const char *name, int rank,
		   const int64_t *dim, const double *v);
/* Computes a node whose inputs are known or initializers. */
void reference_node(struct reference *r, const Onnx__NodeProto *n);
/* Computes all nodes of the graph, in their order. */
void reference_run(struct reference *r);
/* A value that is known, or an initializer. */
const struct ref_tensor *reference_value(struct reference *r, const char *name);

#endif
