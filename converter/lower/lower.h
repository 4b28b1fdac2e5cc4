/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_H
#define DBC_CONVERTER_LOWER_LOWER_H

#include "converter/lower/device_model.h"

/*
 * The state of lower_graph() and the tools of the files lower_*.c. A graph
 * value has up to two tensors: its own (S8 where it has a quant, I32 for
 * integers, else F32), and a copy in F32 of an S8 one, made when the first
 * float operator asks for it.
 */
struct lower {
	const struct graph *g;
	const struct config *c;
	struct device_model *m;
	struct diag *d;
	uint32_t *own, *real;    /* by value id: a tensor, or DBP_NONE */
	const struct node *node; /* at work */
	struct refusal *refusals, **last_refusal;
	int refusal_count;
};

/* Lowers one node; 0, -1 after lower_refuse(), or LOWER_ELSEWHERE: not this
 * function's case, another form may do. */
typedef int lower_fn(struct lower *l, const struct node *n);
enum { LOWER_ELSEWHERE = 1 };

/* Remembers that the node at work cannot be had, and why; returns -1. */
int lower_refuse(struct lower *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- Tensors ---- */

/* The value is S8 on the device, and not a constant. */
bool lower_is_s8(const struct value *v);
/* A new tensor; `quant` for S8 only. A scalar becomes rank 1. */
uint32_t lower_tensor(struct lower *l, enum dbp_dtype t, const struct shape *s,
		      const struct quant *quant);
/* A new tensor of the type (and scale) of another. */
uint32_t lower_tensor_like(struct lower *l, uint32_t like,
			   const struct shape *s);
/* A constant. */
uint32_t lower_constant_f32(struct lower *l, const struct shape *s,
			    const float *data);
uint32_t lower_constant_s8(struct lower *l, const struct shape *s,
			   const int8_t *codes, float scale,
			   int32_t zero_point);
struct shape lower_shape(const struct lower *l, uint32_t tensor);
struct shape shape_1(int64_t a);
struct shape shape_3(int64_t a, int64_t b, int64_t c);
struct shape shape_4(int64_t a, int64_t b, int64_t c, int64_t d);

/* ---- Values ---- */

/* The tensor of a computed value or input, as it is held. */
uint32_t lower_own(struct lower *l, const struct value *v);
/* The same, or a constant, as F32: dequantized once, shared. */
uint32_t lower_f32(struct lower *l, const struct value *v);
/* An operand of integer arithmetic: S8 as it is, constants quantized to a
 * scale of their own. */
uint32_t lower_s8(struct lower *l, const struct value *v);
/* What a node that only moves elements reads: S8 where its output is S8 too,
 * else F32 or I32. */
uint32_t lower_moved(struct lower *l, const struct value *v,
		     const struct value *out);
/* Tensor t holds the value v: reshaped, rescaled, quantized or dequantized
 * to the form in which the value is held, where it differs. */
void lower_store(struct lower *l, const struct value *v, uint32_t t);

/* ---- Operators ---- */

struct dev_op *lower_op(struct lower *l, enum dbp_op_kind kind,
			const uint32_t *inputs, int input_count, uint32_t out,
			const void *params, size_t params_bytes);
/* One input; a new output of the given form. */
uint32_t lower_op1(struct lower *l, enum dbp_op_kind kind, uint32_t in,
		   uint32_t out, const void *params, size_t params_bytes);
/* Image tensors of rank 4 in order N, H, W, C, from values in the node's
 * layout, of one or two spatial dims; and back. */
uint32_t lower_to_nhwc(struct lower *l, const struct node *n, uint32_t t);
void lower_store_nhwc(struct lower *l, const struct node *n, uint32_t t);
/* The dim of tensor t that is dim `axis` (negative: from the end) of a value
 * of that rank; -1 after lower_refuse(). */
int lower_axis(struct lower *l, uint32_t t, int rank, int64_t axis);
/* The same elements in other dims. */
uint32_t lower_reshape(struct lower *l, uint32_t t, const struct shape *s);
uint32_t lower_transpose(struct lower *l, uint32_t t, const int64_t *perm);
/* Float arithmetic; the binary one broadcasts. */
uint32_t lower_unary(struct lower *l, enum dbp_unary kind, uint32_t t, float a,
		     float b);
uint32_t lower_binary(struct lower *l, enum dbp_binary kind, uint32_t a,
		      uint32_t b);
uint32_t lower_binary_scalar(struct lower *l, enum dbp_binary kind, uint32_t a,
			     float b);
/* A node's fused activation on a float tensor; the tensor itself where there
 * is none. DBP_NONE after lower_refuse(). */
uint32_t lower_act_f32(struct lower *l, const struct activation *act,
		       uint32_t t);

/* The node's activation on its float result, and its first output stored. */
int lower_finish_f32(struct lower *l, const struct node *n, uint32_t t);

/* ---- Numbers ---- */

/*
 * A multiplier of 16 bits: ratio = multiplier / 2^shift, rounded to nearest,
 * multiplier 32768 to 65535. Ratios too small to matter give multiplier 0
 * and the least shift; -1 for those that need a smaller shift than
 * `min_shift`.
 */
int scale_to_multiplier(double ratio, int min_shift, int max_shift,
			uint32_t *multiplier, uint32_t *shift);
/* round(real / scale) + zero_point, half to even, clamped; NaN gives the
 * zero point. */
int8_t scale_code(double real, double scale, int32_t zero_point);
/* The same within the codes of a tensor of one scale. */
int8_t scale_code_of(double real, const struct quant *q);
/* The clamp of an activation (NONE, RELU, CLIP) in an S8 output's codes. */
void scale_clamp(const struct activation *act, const struct quant *q,
		 int8_t *low, int8_t *high);

/*
 * A node that is a function of one computed value, element by element: a
 * unary operator, or a binary one whose other operand is a constant of one
 * element. That value, or NULL where the node is none.
 */
const struct value *scalar_fn_input(const struct node *n);
/* What the node makes of every code of `in`, lowest first, in as many entries
 * as scalar_fn_table_size() says; computed by the evaluator. */
#define SCALAR_FN_TABLE_MOST 1024
int scalar_fn_table_size(const struct quant *in);
int scalar_fn_table(struct lower *l, const struct node *n,
		    const struct quant *in, const struct quant *out,
		    int8_t *table);

/* ---- Weights ---- */

/* A Conv's, ConvTranspose's or Gemm's codes in one order: [Cout][K], the
 * window flattened as (ky, kx, ci); K = taps * input channels of a group. */
struct weights {
	int bits; /* 2, 4, 8, as stored */
	enum dbp_grid grid;
	uint32_t outputs, groups, k, taps;
	int8_t *codes;
	int8_t *levels; /* [outputs][1 << bits]; or NULL */
	double *scale;  /* [outputs], of the grid's own numbers */
};
int weights_of(struct lower *l, const struct node *n, struct weights *w);
/* The number that a code stands for, before the scale. */
int weights_number(const struct weights *w, uint32_t output, int8_t code);
/* The codes as the kernels read them: schemas/dbp.md. NULL when memory is
 * exhausted. */
uint8_t *weights_tiles(struct arena *a, const struct weights *w,
		       uint32_t *bytes);
uint8_t *weights_depthwise_tiles(struct arena *a, const struct weights *w,
				 uint32_t *bytes);

/* ---- The rows of the table in lower.c ---- */

lower_fn lower_conv, lower_conv_f32, lower_gemm, lower_gemm_f32, lower_matmul;
lower_fn lower_add_s8, lower_mul_s8, lower_table_s8;
lower_fn lower_elementwise_f32, lower_variadic_f32, lower_where, lower_cast;
lower_fn lower_max_pool, lower_average_pool, lower_reduce_s8;
lower_fn lower_reduce_f32, lower_softmax, lower_arg_max, lower_top_k;
lower_fn lower_layer_norm, lower_instance_norm;
lower_fn lower_quantize_linear, lower_dequantize_linear, lower_quant;
lower_fn lower_quant_s8;
lower_fn lower_view, lower_moving_transpose, lower_slice, lower_split;
lower_fn lower_concat, lower_pad, lower_gather, lower_expand, lower_tile;
lower_fn lower_channel_shuffle, lower_space_to_depth, lower_depth_to_space;
lower_fn lower_resize;

#endif
