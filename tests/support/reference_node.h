/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_REFERENCE_NODE_H
#define DBC_TESTS_REFERENCE_NODE_H

/*
 * What the operators of the reference (tests/support/reference.h) see of a
 * node: tensors of doubles, whatever their type in the file, and attributes.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "onnx.pb-c.h"

#define REF_MAX_RANK 8
#define REF_MAX_VALUES 16 /* inputs or outputs of a node */

struct ref_tensor {
	int rank;
	int64_t dim[REF_MAX_RANK];
	double *v; /* dense, row-major */
};

struct ref_node {
	const Onnx__NodeProto *proto;
	int64_t opset;
	struct arena *arena;
	const struct ref_tensor *in[REF_MAX_VALUES]; /* NULL: left out */
	struct ref_tensor *out[REF_MAX_VALUES];
	int in_count, out_count;
};

int64_t ref_count(const struct ref_tensor *t);
/* Gives `t` a shape and zeros. */
void ref_shape(const struct ref_node *n, struct ref_tensor *t, int rank,
	       const int64_t *dim);
/* Output 0, of the shape of input 0. */
struct ref_tensor *ref_like(const struct ref_node *n);
/* The dims behind `axis`, multiplied. */
int64_t ref_stride(const struct ref_tensor *t, int axis);
/* Index `i` of the tensor's elements, a number for each dim. */
void ref_index(const struct ref_tensor *t, int64_t i, int64_t *index);
/* And back. */
int64_t ref_offset(const struct ref_tensor *t, const int64_t *index);
/* -1 is the last axis. */
int ref_axis(const struct ref_tensor *t, int64_t axis);

/* Attributes. `def` is the value of a missing one. */
int64_t ref_int(const struct ref_node *n, const char *name, int64_t def);
double ref_float(const struct ref_node *n, const char *name, double def);
/* Whether a string attribute is `text`; a missing one is `def`. */
bool ref_is(const struct ref_node *n, const char *name, const char *def,
	    const char *text);
/* Sets the first ints of `out`, and leaves the rest as it is; returns their
 * number. */
int ref_ints(const struct ref_node *n, const char *name, int64_t *out);
/* The same from the attribute, or else from an input. */
int ref_list(const struct ref_node *n, const char *name, int slot,
	     int64_t *out);
/* An input of one element, or the attribute, or `def`. */
double ref_number(const struct ref_node *n, const char *name, int slot,
		  double def);

#endif
