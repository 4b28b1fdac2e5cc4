/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_IR_GRAPH_H
#define DBC_IR_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/hash.h"

#define GRAPH_MAX_RANK 8
/* No tensor may have more elements. A larger size in a file is refused before
 * memory is allocated. */
#define GRAPH_MAX_ELEMENTS ((int64_t)1 << 30)

enum op {
	OP_NONE,
#define OP(e, name, since, mini, maxi, maxo, flags) OP_##e,
#include "ir/ops.def"
#undef OP
	OP_COUNT
};

/* See ops.def. */
enum {
	OPF_U = 1 << 0,
	OPF_B = 1 << 1,
	OPF_V = 1 << 2,
	OPF_S = 1 << 3,
	OPF_W = 1 << 4,
	OPF_INTEGER = 1 << 5,
	OPF_KEEPS_SCALE = 1 << 6,
	OPF_MOVES_CHANNELS = 1 << 7,
	OPF_KEEPS_CHANNELS = 1 << 8,
	OPF_FUNCTION = 1 << 9,
};

struct op_info {
	const char *name;
	int since_opset;
	int min_inputs, max_inputs; /* max -1: any number */
	int max_outputs;            /* -1: any number */
	unsigned flags;             /* OPF_* */
};

/* The row of ops.def. */
const struct op_info *op_info(enum op op);
/* OP_NONE if no row has that name. */
enum op op_from_name(const char *name);

/*
 * The element types of a graph. Other ONNX types are converted to the nearest
 * of these when a file is read: float16, bfloat16 and double to F32; int16,
 * uint16 to I32; uint32, uint64 to I64; int4, int2 to I8; uint4, uint2 to U8.
 */
enum dtype { DT_NONE, DT_F32, DT_I64, DT_I32, DT_I8, DT_U8, DT_BOOL, DT_COUNT };

size_t dtype_size(enum dtype t);      /* bytes; 0 for DT_NONE */
const char *dtype_name(enum dtype t); /* "f32", "i64", ... */

/* rank -1: not known; dim -1: not known. A scalar has rank 0. */
struct shape {
	int rank;
	int64_t dim[GRAPH_MAX_RANK];
};

struct shape shape_of(int rank, const int64_t *dims);
bool shape_known(const struct shape *s);
bool shape_equal(const struct shape *a, const struct shape *b);
/* Product of the dims; -1 if a dim is unknown or the product is over
 * GRAPH_MAX_ELEMENTS. */
int64_t shape_elements(const struct shape *s);
/* Products of the dims before and behind dim `axis`. */
int64_t shape_outer(const struct shape *s, int axis);
int64_t shape_inner(const struct shape *s, int axis);
/* "1x3x240x320", "?" for an unknown dim, "scalar" for rank 0, "unknown". */
void shape_print(const struct shape *s, char *out, size_t out_bytes);
/* "1x3x320x320", all dims known. 0, or -1 if the text is no shape. */
int shape_from_text(const char *s, struct shape *out);

/* How a value is quantized in the packed file. Set by the quantizer. */
enum quant_grid {
	GRID_UNIFORM, /* real = scale * (code - zero_point), code an integer */
	GRID_HALF, /* real = scale * (2 * code + 1) / 2, code signed: no zero */
	GRID_LEVELS, /* real = scale * levels[channel][code], code unsigned */
};

struct quant {
	int bits;
	bool is_signed;
	enum quant_grid grid;
	int axis;     /* channel axis of a per-channel scale, -1: none */
	int channels; /* entries in scale and zero_point; 1 if axis -1 */
	bool trained; /* the model came with this grid */
	const float *scale;
	const int32_t *zero_point;
	const int8_t *codes;  /* constants: one code for each element, dense, in
				 the value's order; NULL for activations */
	const int8_t *levels; /* GRID_LEVELS: [channels][1 << bits] */
};

/* Each channel of the axis has its own scale, even where there is only one: it
 * may have been cut from several. */
static inline bool quant_per_channel(const struct quant *q)
{
	return q->channels > 0 && q->axis >= 0;
}

/* Scale of a channel of the axis; a single scale is that of every channel. */
static inline float quant_scale(const struct quant *q, int64_t channel)
{
	return q->scale[q->channels > 1 ? channel : 0];
}

enum value_role {
	VALUE_COMPUTED, /* the output of a node */
	VALUE_INPUT,    /* given by the caller */
	VALUE_CONSTANT, /* data != NULL */
};

struct node;

struct value {
	const char *name; /* unique in its graph, may hold any bytes but NUL */
	enum value_role role;
	enum dtype dtype; /* DT_NONE: not known yet */
	/* inputs: the file's type, where the graph takes floats instead */
	enum dtype declared;
	struct shape shape;
	const void *data;      /* constants: dense, row-major, arena-owned */
	struct node *producer; /* NULL unless VALUE_COMPUTED */
	struct node **uses;    /* one entry per input slot that reads it */
	int use_count, use_capacity;
	bool is_output;      /* of the graph */
	struct quant *quant; /* NULL: float (or an integer type) */
	uint32_t id;         /* index into graph->values */
};

enum attr_kind { ATTR_INT, ATTR_FLOAT, ATTR_STRING, ATTR_INTS, ATTR_FLOATS };

struct attr {
	const char *name;
	enum attr_kind kind;
	int count; /* of ints or floats */
	int64_t i;
	float f;
	const char *s;
	const int64_t *ints;
	const float *floats;
	struct attr *next;
};

/* An activation fused behind a node; applied to its first output. */
enum act_kind {
	ACT_NONE,
	ACT_RELU,
	ACT_CLIP,       /* min(max(x, a), b); Relu6 is a = 0, b = 6 */
	ACT_LEAKY_RELU, /* x < 0 ? a * x : x */
	ACT_SILU,       /* x * sigmoid(x) */
	ACT_HARD_SWISH, /* x * clip(x / 6 + 0.5, 0, 1) */
	ACT_SIGMOID,
	ACT_HARD_SIGMOID, /* clip(a * x + b, 0, 1) */
	ACT_TANH,
	ACT_GELU, /* exact, with erf */
	ACT_MISH,
	ACT_ELU, /* x < 0 ? a * (exp(x) - 1) : x */
	ACT_COUNT
};

struct activation {
	enum act_kind kind;
	float a, b;
};

const char *act_name(enum act_kind kind); /* "relu", "leaky_relu", ... */

/* Dim order of the first input and output of spatial operators. Weights of
 * Conv are OIHW and of ConvTranspose IOHW in both. */
enum layout { LAYOUT_NCHW, LAYOUT_NHWC };

struct node {
	enum op op;
	const char *name;      /* never NULL; not unique in real files */
	struct value **inputs; /* NULL entries: optional input left out */
	int input_count;
	struct value **outputs; /* NULL entries: optional output left out */
	int output_count;
	struct attr *attrs; /* in the order of the file */
	struct activation act;
	enum layout layout;
	bool tail; /* belongs to the decode tail: float on the device */
	struct node *prev, *next; /* topological order */
	uint32_t mark;            /* scratch of graph_sort() */
};

/* See ir/budget.h. Work is in the unit of node_work(). */
struct graph_budget {
	bool open;
	int64_t bytes, work;         /* left for constants and tracing */
	int64_t run_bytes, run_work; /* for one run of the network */
};

/* Post-processing that the file had at its end and the graph has not. */
struct graph_cut {
	const char *op_type; /* "NonMaxSuppression", "TopK", ...; NULL: none */
	float iou;           /* of the suppression, 1: none; -1: not known */
};

struct graph_metadata {
	const char *key, *value;
};

struct graph {
	struct arena *arena; /* owns everything below */
	const char *name;
	const char *producer;
	struct graph_metadata *metadata; /* of the file, as texts */
	int metadata_count;
	int64_t ir_version, opset; /* as read, for reports only */
	struct node *first, *last;
	size_t node_count;
	struct value **values; /* every value ever made, by id */
	size_t value_count, value_capacity;
	struct value **name_slots; /* by name, see graph.c */
	size_t name_slot_count, name_slots_used;
	struct hash_key name_key;
	struct graph_budget budget;
	struct graph_cut cut;
	struct value **inputs; /* without those that have initializers */
	int input_count;
	struct value **outputs;
	int output_count;
};

/* An empty graph that allocates from `a`; NULL when memory is exhausted. */
struct graph *graph_new(struct arena *a);

/*
 * New values. The name is copied; if it is NULL or used already, a suffix
 * makes it unique ("NAME.2"). NULL when memory is exhausted. graph_constant()
 * copies nothing: `data` must live in the graph's arena or longer than the
 * graph.
 */
struct value *graph_value(struct graph *g, const char *name, enum dtype t,
			  const struct shape *s);
struct value *graph_constant(struct graph *g, const char *name, enum dtype t,
			     const struct shape *s, const void *data);
/* A 1-D constant (n = -1: a scalar) with a copy of `v`. */
struct value *graph_const_i64(struct graph *g, const char *name, int n,
			      const int64_t *v);
struct value *graph_const_f32(struct graph *g, const char *name, int n,
			      const float *v);
int graph_add_input(struct graph *g, struct value *v);
int graph_add_output(struct graph *g, struct value *v);
/* The metadata of a key, in any case; NULL: there is none. */
const char *graph_metadata(const struct graph *g, const char *key);
/* NULL if there is none. */
struct value *graph_find_value(const struct graph *g, const char *name);

/*
 * A new node before `before` (NULL: at the end). It reads `inputs` (NULL
 * entries allowed) and becomes the producer of `outputs`. NULL when memory is
 * exhausted.
 */
struct node *graph_node(struct graph *g, enum op op, const char *name,
			struct value *const *inputs, int input_count,
			struct value *const *outputs, int output_count,
			struct node *before);
/* Changes one input slot, or appends when slot == input_count. */
int graph_set_input(struct graph *g, struct node *n, int slot, struct value *v);
/* Makes every reader of `from`, and the graph outputs, read `to`. A graph
 * output keeps its name: `to` gets it; if `to` is an input or an output
 * itself, an Identity at the end of the graph gets it. */
int graph_replace(struct graph *g, struct value *from, struct value *to);
/* Unlinks a node. Its outputs must have no readers, or be replaced. */
void graph_remove(struct graph *g, struct node *n);
void graph_move_before(struct graph *g, struct node *n, struct node *before);
/* Sorts nodes topologically; nodes already in order keep it. An error names
 * one node of a cycle. */
int graph_sort(struct graph *g, struct diag *d);

/* The number of readers of v; a graph output counts as one more. */
int value_readers(const struct value *v);
/* The node that is v's only reader; NULL if there is none, or several, or v is
 * a graph output. */
struct node *value_only_reader(const struct value *v);
bool value_is_const(const struct value *v);

/* Attributes. `def` is the value of a missing one. */
const struct attr *node_attr(const struct node *n, const char *name);
int64_t node_int(const struct node *n, const char *name, int64_t def);
float node_float(const struct node *n, const char *name, float def);
const char *node_string(const struct node *n, const char *name,
			const char *def);
/* Copies up to max ints to `out`. Returns the number in the attribute (0:
 * absent). */
int node_ints(const struct node *n, const char *name, int64_t *out, int max);
int node_set_int(struct graph *g, struct node *n, const char *name, int64_t v);
int node_set_float(struct graph *g, struct node *n, const char *name, float v);
int node_set_string(struct graph *g, struct node *n, const char *name,
		    const char *v);
int node_set_ints(struct graph *g, struct node *n, const char *name,
		  const int64_t *v, int count);
void node_drop_attr(struct node *n, const char *name);
/* Input i; NULL if absent or out of range. */
struct value *node_input(const struct node *n, int i);
/* Reads a constant i64 or i32 input into `out`. Returns the count; -1 if the
 * input is absent, not constant, of another type or longer than max. */
int node_const_ints(const struct node *n, int slot, int64_t *out, int max);
/* True for a constant f32 input of one element. */
bool node_const_float(const struct node *n, int slot, float *out);
bool value_const_scalar(const struct value *v, float *out);

/* `node 'x' (Op): ` followed by the message; returns -1. */
int node_error(struct diag *d, const struct node *n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The checker that runs after every pass: order, links in both directions,
 * unique names, arities of ops.def, ranks, sizes of constants. A broken graph
 * is a bug of the pass `after`, but it is reported like any error.
 */
int graph_check(const struct graph *g, const char *after, struct diag *d);

/* Sums over the graph; -1 if shapes are not known. */
int64_t graph_params(const struct graph *g); /* elements of f32 constants */
int64_t node_macs(const struct node *n);     /* multiply-accumulates */
int64_t graph_macs(const struct graph *g);

/* Optional parts of the output of graph_print(). */
enum graph_print_flags {
	GRAPH_PRINT_ALL = 1,   /* every element of long constants, no hash */
	GRAPH_PRINT_SCALES = 2 /* comments: bits, scales and zero points */
};
/* Text form; graph_print.c has the grammar. graph_parse() reads it back to an
 * equal graph, except for hashes and comments. 0, or -1 if it cannot be
 * written. */
int graph_print(const struct graph *g, FILE *out, int flags);
struct graph *graph_parse(struct arena *a, const char *text, struct diag *d);

#endif
