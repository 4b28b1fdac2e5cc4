/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_GRAPH_WEIGHTED_LAYERS_H
#define DBC_QUANTIZER_GRAPH_WEIGHTED_LAYERS_H

#include "quantizer/weights/gptq.h"
#include "quantizer/internal.h"
#include "quantizer/simulate/paired_run.h"
#include "schemas/dbp_kernel.h"

/* How layers are rounded. */
struct manner {
	int methods;     /* enum method, together */
	double damping;  /* of covariances, a share of the mean variance */
	double thrift;   /* of choices with a step */
	double evenness; /* losses of layers add up in this power: over 1, none
			  * becomes much larger than others */
};

/*
 * A weighted node: what its weights multiply, and how they become codes.
 *
 * Weights count in units in which they multiply the input's codes: scales of
 * the input's channels, over the first one's, are in them. Number i of output
 * channel c is at(c, i) of the constant, and multiplies number i of a patch.
 */
struct layer {
	struct node *node;
	const struct value *weights, *bias; /* the model's own constants */
	int64_t channels, length, groups;   /* outputs, weights of each */
	int64_t inner, outer_stride, channel_stride; /* see layer_at() */
	const float *data; /* [layer_at()] in units of codes */
	double unit;       /* real value of one: the first channel's scale */
	bool first;        /* no weights come before */
	bool last;         /* its output is a head */
	bool depthwise;
	bool dependent; /* codes with a step are, and weights are rounded
			 * in the order that they are written in */
	const struct manner *manner;
	/* codes that the model brings: they stay as they are; or NULL */
	const struct quant *trained;
	/* what an error of each output channel costs the network, 1 on the
	 * mean; NULL: all the same */
	const double *importance;
};

struct layers {
	struct layer *rows;
	int count;
	struct manner manner;
};

static inline int64_t layer_at(const struct layer *l, int64_t c, int64_t i)
{
	return c * l->channel_stride + i / l->inner * l->outer_stride +
	       i % l->inner;
}

/* Number of a patch that the weight at place i of a row of the packed file
 * multiplies: input channels are the innermost there, taps here. */
int64_t layer_place(const struct layer *l, int64_t i);
/* Whether rows of weights are rows of the packed file. */
bool layer_has_rows(const struct layer *l);
/* Channel of the input that number i of output channel c multiplies. */
int64_t layer_input_channel(const struct layer *l, int64_t c, int64_t i);
/* Scale of an input channel over the first one's. */
double layer_channel_ratio(const struct layer *l, int64_t channel);

/* Every weighted node gets a bias of its own that can be corrected, of zeros
 * where it had none, unless it is computed. -1: out of memory. */
int layers_own_biases(struct graph *g);

/* The weighted nodes, in order, with biases of their own. Activations must
 * have their scales. l stays in place. */
int layers_init(struct layers *l, const struct graph *g, int methods,
		struct arena *a, struct diag *d);

/*
 * What patches of a layer's input look like, in codes less the zero point,
 * about their means: covariance of what the quantized network gives, and what
 * the float network has that it does not. A matrix a group, [length][length].
 */
struct statistics {
	int length, groups; /* length 0: there are none */
	int patches;
	double *covariance;        /* q q */
	double *missing;           /* (x - q) q, rows by x */
	double *mean, *mean_coded; /* x, q: [group][length] */
};
/* Over the samples of the twin, which must have come to the node. The length
 * is 0 where patches would be too long. */
int statistics_gather(const struct twin *t, const struct layer *l,
		      struct arena *a, struct statistics *out, struct diag *d);

/*
 * How a layer is rounded. Either `bits` wide codes with a scale an output
 * channel, or levels that are fitted to it (see codebook.h); or, with a step,
 * one scale for all, codes within `bits` that are cheap to write: a bit less is
 * worth as much error as a step's width gives up to save one
 * (entropy-constrained quantization), times the manner's thrift.
 */
struct choice {
	int bits;    /* 2, 3, 4, 8 */
	bool levels; /* without a step, up to 4 bits: of each channel's own */
	double step;
	int survivors; /* with a step: how thoroughly, see struct grid */
};

/* Bits of the tiles that codes of so many lie in. */
static inline int layer_tile_bits(const struct layer *l, int bits)
{
	return dbp_tile_bits(bits, l->depthwise);
}

/* Whether codes of so many bits have levels of the channels' own in fixed
 * tiles. With more than two, their bytes would gain more as bits. */
static inline bool layer_takes_levels(const struct layer *l, int bits)
{
	int needed = METHOD_CODEBOOK | METHOD_GPTQ;

	return bits == 2 && (l->manner->methods & needed) == needed;
}

/* Bytes of the levels of a choice's codes, in fixed tiles. */
static inline int64_t layer_book_bytes(const struct layer *l, struct choice c)
{
	return c.levels ? l->channels << c.bits : 0;
}

struct rounded {
	int bits; /* of the codes */
	enum quant_grid grid;
	float *scale;   /* [channels], in the weights' own units */
	int8_t *levels; /* GRID_LEVELS: [channels][1 << bits] */
	int8_t *codes;  /* dense, in the constant's own order */
	float *real;    /* what the codes stand for, for the evaluator */
	float *bias;    /* corrected */
	double loss;    /* squared error of the output, a patch, all channels;
			 * 0 without statistics */
	double entropy_bits; /* of all codes, by their own frequencies */
};

/* What all roundings of a layer have in common: where its weights aim, and how
 * their errors are made up for. */
struct aim {
	const struct layer *l;
	const struct statistics *s;        /* NULL: to the nearest code */
	const struct channel_means *means; /* without s; NULL: not known */
	struct compensation *groups;       /* with s, by group */
	double *weight;                    /* of an error there, about */
	double *target;                    /* [channels][length] */
	double signal; /* variance of the output, all channels */
};
/* s NULL or without a length: as the weights are. */
int layer_aim(const struct layer *l, const struct statistics *s,
	      const struct channel_means *means, int jobs, struct arena *a,
	      struct aim *out, struct diag *d);
int layer_round(const struct aim *aim, struct choice c, int jobs,
		struct arena *a, struct rounded *out, struct diag *d);
/* Makes it what the graph holds. */
int layer_install(struct graph *g, const struct layer *l,
		  const struct rounded *r, struct diag *d);

/*
 * Rounds all layers in order, each with the statistics of what the ones before
 * it give: out[i] from choices[i]. The twin is new, and has come to its end
 * afterwards: twin_loss() tells what is lost.
 */
int sequence_round(const struct graph *g, const struct layers *layers,
		   const struct choice *choices, struct twin *t,
		   struct arena *a, struct rounded *out,
		   const struct progress *p, struct diag *d);

/* A weighted node by the defaults: `bits`, but 8 for the first and last ones
 * and for depthwise. Two bits have levels of the channels' own where the file
 * is not coded: levels hardly get smaller by it. */
struct choice layer_default(const struct layer *l, const struct config *c,
			    bool coded);

#endif
