/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_LOWER_LOWER_TENSOR_H
#define DBC_CONVERTER_LOWER_LOWER_TENSOR_H

#include "converter/lower/lower_state.h"

/* Whether the value is S8 on the device and not a constant. */
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

/* The tensor of a computed value or input, in its own type. */
uint32_t lower_own(struct lower *l, const struct value *v);
/* The same, or a constant, as F32: dequantized once, shared. */
uint32_t lower_f32(struct lower *l, const struct value *v);
/* An operand of integer arithmetic: S8 as it is; constants are quantized with a
 * separate scale. */
uint32_t lower_s8(struct lower *l, const struct value *v);
/* The operand of a node that only moves elements: S8 if its output is S8 too,
 * else F32 or I32. */
uint32_t lower_moved(struct lower *l, const struct value *v,
		     const struct value *out);
/* Stores tensor t as the value v. If the forms differ, t is reshaped, rescaled,
 * quantized or dequantized first. */
void lower_store(struct lower *l, const struct value *v, uint32_t t);
/* F32 or S8 codes of another scale as S8 codes of one scale. */
uint32_t lower_to_s8(struct lower *l, uint32_t t, const struct quant *q);
/* The same elements in other dims. */
uint32_t lower_reshape(struct lower *l, uint32_t t, const struct shape *s);

#endif
