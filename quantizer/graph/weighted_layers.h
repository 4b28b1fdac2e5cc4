/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_GRAPH_WEIGHTED_LAYERS_H
#define DBC_QUANTIZER_GRAPH_WEIGHTED_LAYERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "ir/graph.h"

/* How layers are rounded. */
struct rounding_settings {
	int methods;        /* enum method, together */
	double damping;     /* on the diagonal of an input covariance, as a
			     * share of the mean variance */
	double rate_weight; /* times the price of a bit, in entropy-constrained
			     * quantization */
	double loss_exponent; /* bit allocation sums the layers' losses in this
			       * power: over 1, no layer loses much more than
			       * the others */
};

/*
 * A weighted node as an array of weights.
 *
 * Weights are in units in which they multiply the input's codes: they contain
 * the ratio of their input channel's scale to the first channel's. Weight i of
 * output channel c is data[layer_at(c, i)], and multiplies element i of a
 * patch.
 */
struct weighted_layer {
	struct node *node;
	const struct value *weights, *bias; /* the model's own constants */
	int64_t channels;                   /* of the output */
	int64_t length;                     /* weights of one output channel */
	int64_t groups;
	int64_t every; /* channel c is c * every of the node: 1, or more where
			* these are some of its channels */
	int64_t inner, outer_stride, channel_stride; /* see layer_at() */
	const float *data; /* [layer_at()], in units of input codes */
	double unit;       /* real value of one code: the first channel's
			    * scale */
	bool first;        /* no weighted node comes before it */
	bool last;         /* its output is a head */
	bool depthwise;
	bool dependent; /* trellis-coded quantization where the layer has one
			 * step; weights are rounded in the file's order */
	const struct rounding_settings *settings;
	/* codes of a model that was trained with them: they are kept; or
	 * NULL */
	const struct quant *trained;
	/* cost of an error of each output channel for the network's loss, 1 on
	 * average; NULL: the same for all */
	const double *importance;
};

struct layers {
	struct weighted_layer *rows;
	int count;
	struct rounding_settings settings;
};

static inline int64_t layer_at(const struct weighted_layer *l, int64_t c,
			       int64_t i)
{
	return c * l->channel_stride + i / l->inner * l->outer_stride +
	       i % l->inner;
}

/* Element of a patch that weight i of a row of the packed file multiplies: the
 * file has input channels innermost, a patch has taps innermost. */
int64_t layer_place(const struct weighted_layer *l, int64_t i);
/* Each output channel is one row of the packed file. */
bool layer_has_rows(const struct weighted_layer *l);
/* Channel of the input that weight i of output channel c multiplies. */
int64_t layer_input_channel(const struct weighted_layer *l, int64_t c,
			    int64_t i);
/* Scale of an input channel over the first channel's. */
double layer_channel_ratio(const struct weighted_layer *l, int64_t channel);
/* Group of an output channel. */
static inline int64_t layer_group(const struct weighted_layer *l,
				  int64_t channel)
{
	return channel / (l->channels / l->groups);
}

/* Of the weights in units of input codes: the root of the mean square, and the
 * largest size. */
double layer_rms_weight(const struct weighted_layer *l);
double layer_largest_weight(const struct weighted_layer *l);

/* Gives every weighted node a separate bias constant, which can be corrected:
 * zeros where it had none. A computed bias stays. -1: out of memory. */
int layers_own_constants(struct graph *g);

/* Lists the weighted nodes, in order. Their biases must be separate, and
 * activations must have their scales. l must stay in place. -1 with a
 * diagnostic. */
int layers_init(struct layers *l, const struct graph *g, int methods,
		struct arena *a, struct diag *d);
/* After the activations got other scales: the weights in units of their input's
 * codes, in the arena. -1: out of memory. */
int layers_rescale(struct layers *l, struct arena *a);

#endif
