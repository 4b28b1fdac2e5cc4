/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_CONVERTER_ONNX_ONNX_CODES_H
#define DBC_CONVERTER_ONNX_ONNX_CODES_H

#include "converter/onnx/onnx_reader.h"

/*
 * What operators on integers need to become operators on floats:
 * DequantizeLinear before the node `n`, QuantizeLinear or Cast behind it.
 * Pointers are NULL, and ints -1, when memory is exhausted.
 */

/* Integers and their meaning. */
struct onnx_codes {
	struct value *codes;
	struct value *scale;
	struct value *zero; /* NULL: 0 */
	int axis;           /* of scales of channels */
};

/* A value of unknown type and shape with a name like that of `like`. */
struct value *onnx_new_value(const struct onnx_node *o,
			     const struct value *like);
/* A node of one output before `before` (NULL: at the end). */
struct value *onnx_put(const struct onnx_node *o, enum op op,
		       struct value *const *in, int count, struct node *before);
/* The real numbers of the codes, computed before `before`. */
struct value *onnx_dequantized(const struct onnx_node *o,
			       const struct onnx_codes *c, struct node *before);
/* n gets a new output; the one that it had is returned, without producer. */
struct value *onnx_detach_output(const struct onnx_node *o, struct node *n);
/* The node of n's output, quantized: codes have the type of `zero`. */
int onnx_quantize_output(const struct onnx_node *o, struct node *n,
			 struct value *scale, struct value *zero);
/* The node keeps only `count` inputs: these. */
int onnx_set_inputs(const struct onnx_node *o, struct node *n,
		    struct value *const *in, int count);

#endif
