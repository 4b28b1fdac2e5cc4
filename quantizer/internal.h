/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_INTERNAL_H
#define DBC_QUANTIZER_INTERNAL_H

#include "evaluator/evaluator.h"
#include "base/arena.h"
#include "ir/config.h"
#include "ir/graph.h"
#include "quantizer/quantizer.h"

/* The float network of one thread, and memory that goes with it. Free it
 * where runner_init() was called at all. */
struct runner {
	struct arena arena;
	struct evaluator *evaluator;
	float **inputs;
};
int runner_init(struct runner *r, const struct graph *g, struct diag *d);
void runner_free(struct runner *r);
/* Runs sample `index`; the observer sees every value. */
int runner_sample(struct runner *r, const struct samples *s, int index,
		  eval_observer *observe, void *ctx, struct diag *d);

/* A node that the device computes on integers. */
bool domain_is_integer(const struct node *n);
/* A Conv, ConvTranspose or Gemm whose constant weights are worth few bits. */
bool domain_has_weights(const struct node *n);

/*
 * Which values are held in 8 bits, and which of them share one scale.
 * root[id] is the id of the value whose scale value `id` takes (its own
 * where it is free), DOMAIN_FLOAT where it is held in float. grids[root] is
 * the Quant whose grid a root has been trained with, or NULL.
 */
#define DOMAIN_FLOAT UINT32_MAX
uint32_t *domain_assign(const struct graph *g, struct arena *a,
			const struct node ***grids);

/* While roots are being joined: the root of a value that has one, and in the
 * end for all. */
uint32_t domain_find(uint32_t *root, uint32_t id);
void domain_settle(const struct graph *g, uint32_t *root);

/* The scale and zero point, in the device's signed codes, that a Quant rounds
 * to; false where it is none that the device has. */
struct domain_grid {
	float scale;
	int32_t zero_point;
	int bits; /* 2 to 8 */
};
bool domain_grid(const struct node *n, struct domain_grid *grid);

/* By root: what weights multiply, and whose makers all clamp to fewer codes
 * than 8 bits have. NULL: out of memory. */
bool *domain_few_bits(const struct graph *g, const uint32_t *root,
		      struct arena *a);

/* Activations that the device reads from a table become nodes of their own
 * again, so that the value before them gets a scale. */
int domain_split_activations(struct graph *g);

/* The node behind v that the device computes by a table of v's codes, where it
 * alone reads v. */
const struct node *domain_table_behind(const struct value *v);
/* The same where v is the sums of a convolution, which look up the table
 * themselves: v is never stored, and may have codes of more than 8 bits. */
const struct node *domain_table_of_sums(const struct value *v);

/*
 * What calibration learns of a value: extremes, and a histogram over
 * [-width * HIST_BINS / 2, width * HIST_BINS / 2), width a power of two that
 * doubles as larger values come. Bins are integers and merge exactly, in any
 * order, so threads do not change the result.
 */
#define HIST_BINS 4096

struct observed {
	float low, high; /* always with 0 between them */
	int exponent;    /* width = 2^exponent */
	uint64_t count[HIST_BINS];
};

void observed_init(struct observed *o);
void observed_add(struct observed *o, const float *x, int64_t n);
void observed_merge(struct observed *into, const struct observed *from);
double observed_width(const struct observed *o);

/*
 * Means of the input channels of weighted nodes, in 2^-32 units: integer sums
 * do not depend on the order either. NULL where no weighted node reads.
 */
struct channel_means {
	int64_t *sum; /* [channels] */
	int channels;
	int samples;
};

/*
 * Channels that may have scales of their own, because only convolutions and
 * sums make and read them, and what lies between moves them about: see
 * tracks.c. The values that they go through together share a root and a zero
 * point.
 */
struct tracks {
	const uint32_t *root; /* domain_assign()'s */
	uint32_t **of;        /* by value id: the track of each channel, below
			       * count[root]; NULL: one scale for all */
	int *count;           /* by root */
};

/* None at first. -1: out of memory, like the next. */
int tracks_init(struct tracks *t, const struct graph *g, const uint32_t *root,
		struct arena *a);
/* Finds them all, and joins in root, which t has, what gets one zero point;
 * sums: may read and make them. */
int tracks_find(struct tracks *t, const struct graph *g, uint32_t *root,
		const struct node **grids, bool sums, struct arena *a);
/* Tracks begin at v: channel c's is of[v->id][0] + c. */
bool tracks_begin(const struct tracks *t, const struct value *v);
/* A convolution that makes and reads such channels. */
bool tracks_conv(const struct node *n);
/* A sum or difference of two such values, channel by channel. */
bool tracks_sum(const struct node *n);
/* v is what a table makes of a convolution's output alone. */
bool tracks_behind_table(const struct value *v);

/* A convolution's outputs, and a group's inputs and outputs. */
struct conv_size {
	int64_t outputs, inputs, taps, group;
};
struct conv_size conv_size(const struct node *n);
/* Weight `tap` of output o and input channel k of its group. */
double conv_weight(const struct node *n, int64_t o, int64_t k, int64_t tap);

/* The extremes of each track, by root; channels 0 where there is none. */
struct channel_ranges {
	float *low, *high; /* [channels]; low above high: nothing seen */
	int channels;
};

/* r: an array by value id, zero. */
int channel_ranges_init(struct channel_ranges *r, const struct graph *g,
			const struct tracks *t, struct arena *a);
/* n elements of a value where tracks begin. */
void channel_ranges_add(struct channel_ranges *r, const struct tracks *t,
			const struct value *v, const float *x, int64_t n);
void channel_ranges_merge(struct channel_ranges *into,
			  const struct channel_ranges *from);

/* With 0 between low and high, as codes have it. */
void channel_ranges_hold_zero(struct channel_ranges *r);

/* Channels that may lie anywhere are moved to lie evenly about zero, by the
 * biases, which nothing else has, of the convolutions that make and read them:
 * see center.c. ranges: by root, as seen. -1: out of memory. */
bool tracks_may_center(const struct graph *g, const struct tracks *t);
int tracks_center(struct graph *g, const struct tracks *t,
		  const struct channel_ranges *ranges, struct arena *a);

/* Narrows the ranges of each channel of the roots in `which` to where few
 * levels lose least: see channel_clip.c. */
int channel_clip(const struct graph *g, const struct tracks *t,
		 const struct samples *samples, struct channel_ranges *ranges,
		 const bool *which, int levels, int jobs, struct diag *d);

struct calibration {
	struct observed **values;      /* by id: roots, and where tracks begin;
					* NULL: not needed */
	struct channel_means *means;   /* by id */
	struct channel_ranges *ranges; /* by id */
	size_t value_count;
	int samples;
};

/* Runs the float network over the samples and observes roots and tracks. */
int calibrate(const struct graph *g, const struct config *c,
	      const struct samples *samples, const struct tracks *t,
	      struct arena *a, struct calibration *out, progress_fn *progress,
	      void *progress_ctx, struct diag *d);

/* Seeded drawings, for calibration without photos. */
struct picture_samples {
	const struct graph *g;
	uint64_t seed;
	struct input_range range;
};
struct samples picture_samples(struct picture_samples *p);
/* Whether they look like what g's inputs are for. */
bool picture_samples_fit(const struct graph *g);

/*
 * The range that loses least: squared rounding error inside plus squared
 * clipping error outside, over 64 x 64 fractions of the extremes. `reader`
 * (NULL: none) is the table activation behind the value: then the error
 * counts after it. `bits`: of the codes.
 */
struct input_range clip_range(const struct observed *o,
			      const struct node *reader, int bits);

/* What scales a channel go by. */
struct channel_terms {
	int samples;       /* that the ranges come from */
	bool drawn;        /* which are not of what will come */
	int weight_bits;   /* of what reads */
	int bits;          /* of the codes */
	bool cheap_tables; /* a table for each channel hardly counts */
};

/* A scale for each track of a root, in the ranges r, and one zero point for
 * all; *out NULL where one scale serves as well. -1 out of memory. */
int channel_quant(const struct graph *g, const struct value *root,
		  const struct tracks *t, const struct channel_ranges *r,
		  const struct channel_terms *terms, struct arena *a,
		  struct arena *scratch, struct quant **out);

/* Scale and zero point of codes of so many bits for a range; 0 is exact. */
void range_to_scale(struct input_range r, int bits, float *scale,
		    int32_t *zero_point);

#endif
