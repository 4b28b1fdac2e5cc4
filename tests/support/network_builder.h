/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_TESTS_NETWORK_BUILDER_H
#define DBC_TESTS_NETWORK_BUILDER_H

/*
 * What random networks are built from: seeded choices, constants, and nodes
 * that are computed on a sample as soon as they are there. So a part knows the
 * shape and the values of what it reads. Values are known by name; names live
 * in the builder's arena.
 */
#include "tests/support/reference.h"

#define NETWORK_MAX_MAPS 64
#define NETWORK_MAX_CELLS 6000 /* elements of a feature map, about */

struct network {
	struct onnx_builder builder;
	struct reference sample;
	uint32_t state; /* of the choices */
	int names;
	/* the input as the file has it */
	int data_type; /* ONNX_FLOAT or ONNX_UINT8 */
	int rank;
	int64_t dim[REF_MAX_RANK];
	/* N,C,L or N,C,H,W: what the next part may read */
	const char *maps[NETWORK_MAX_MAPS];
	int map_count;
};

/* low to high, both possible */
int net_pick(struct network *n, int low, int high);
/* Whether a choice of `percent` in a hundred is taken. */
bool net_chance(struct network *n, int percent);
/* One of a list. */
double net_choose(struct network *n, const double *list, int count);
#define NET_CHOOSE(n, ...)                             \
	net_choose(n, (const double[]){ __VA_ARGS__ }, \
		   (int)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)))

/* Constants. */
const char *net_number(struct network *n, double v);
const char *net_floats(struct network *n, int rank, const int64_t *dim,
		       const float *v);
/* Random ones, from low to high. */
const char *net_random(struct network *n, int rank, const int64_t *dim,
		       float low, float high);
const char *net_ints(struct network *n, int count, const int64_t *v);

/* A node with one output, or more. Inputs are names with blanks between, as
 * printf() writes them. It is to get its attributes, then net_done(). */
Onnx__NodeProto *net_node(struct network *n, const char *op, const char *inputs,
			  ...) __attribute__((format(printf, 3, 4)));
Onnx__NodeProto *net_node_of(struct network *n, const char *op, int outputs,
			     const char *inputs);
void net_set_int(struct network *n, Onnx__NodeProto *p, const char *name,
		 int64_t v);
/* Computes it; the name of its first output. */
const char *net_done(struct network *n, Onnx__NodeProto *p);
/* Both, without attributes. */
const char *net_unary(struct network *n, const char *op, const char *x);
const char *net_binary(struct network *n, const char *op, const char *a,
		       const char *b);

/* Over the last axis. */
const char *net_softmax(struct network *n, const char *x);

/* Shape and values on the sample. */
const struct ref_tensor *net_value(struct network *n, const char *name);
int64_t net_channels(struct network *n, const char *name);
/* The mean of the squares. */
double net_power(struct network *n, const char *name);
bool net_same_shape(struct network *n, const char *a, const char *b);

/* Nodes whose lists are attributes or inputs by the opset. */
const char *net_slice(struct network *n, const char *x, int axis, int64_t start,
		      int64_t end, int64_t step);
/* Two parts of the channels. */
void net_split(struct network *n, const char *x, int64_t first,
	       const char *parts[2]);
const char *net_reduce(struct network *n, const char *op, const char *x,
		       int count, const int64_t *axes, bool keep);
const char *net_squeeze(struct network *n, const char *x, int count,
			const int64_t *axes);
const char *net_reshape(struct network *n, const char *x, int rank,
			const int64_t *dim);
const char *net_transpose(struct network *n, const char *x,
			  const int64_t *perm);
const char *net_concat(struct network *n, const char *a, const char *b);

#endif
