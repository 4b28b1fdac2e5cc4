/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_TRAINED_MODEL_H
#define TESTS_SUPPORT_TRAINED_MODEL_H

#include "tests/support/onnx_builder.h"

/* How a model that arrives quantized is written. */
enum trained_form {
	TRAINED_QDQ,      /* QuantizeLinear and DequantizeLinear pairs */
	TRAINED_PYTORCH,  /* the same, of float weights and of 7-bit codes */
	TRAINED_INPUTS,   /* pairs in front of layers only, as for TensorRT */
	TRAINED_OPERATOR, /* QLinearConv and others on codes */
	TRAINED_DYNAMIC,  /* ConvInteger, MatMulInteger */
	TRAINED_QONNX     /* Quant */
};

struct trained_style {
	const char *name;
	enum trained_form form;
	int activation_type, weight_type; /* ONNX types of codes */
	bool per_channel;
	bool asymmetric;    /* weights have zero points */
	const char *domain; /* of the pairs; NULL: the default one */
	/* QONNX */
	int weight_bits, activation_bits;
	float weight_scale, activation_scale;
	bool batch_norm;
};

#define TRAINED_SIDE 12

/*
 * A detector's parts on a picture of 3 x 12 x 12, `x`, with random weights: a
 * dense, a depthwise and a 1x1 convolution, a residual sum, a pool, a dense
 * convolution and, but for QONNX, a global pool and a fully connected layer.
 * The output is `y`.
 */
void trained_model_build(struct onnx_builder *b, const struct trained_style *s);

#endif
