/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_TRAINED_NET_H
#define TESTS_SUPPORT_TRAINED_NET_H

#include "tests/support/trained_model.h"

/* What the parts of trained_model_build() have in common: names, constants and
 * the grids of activations. */
#define MOST_WEIGHTS 2048
#define MOST_CHANNELS 16
#define NAME 64

/* A value: its name, and scale and zero point of its codes. */
struct at {
	char name[NAME], scale[NAME], zero[NAME];
	float step;
	int channels;
};

struct net {
	struct onnx_builder *b;
	const struct trained_style *s;
	uint32_t seed;
	int count;
};

/* A new name in name[NAME]. */
char *trained_name(struct net *n, char *name);
/* Roughly normal. */
float trained_normal(struct net *n);
/* A node whose inputs are formatted. */
Onnx__NodeProto *trained_node(struct net *n, const char *op, const char *out,
			      const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* NULL: the default one. */
void trained_set_domain(struct net *n, Onnx__NodeProto *p, const char *domain);

/* Constants; they return the name that they put into name[NAME]. */
const char *trained_floats(struct net *n, char *name, const char *shape,
			   const float *v, size_t count);
const char *trained_codes(struct net *n, char *name, int type,
			  const char *shape, const int *v, size_t count);
/* The least and largest code of an ONNX type. */
void trained_code_range(int type, int *low, int *high);

/* Scale and zero point for the range [low, high]. */
void trained_set_grid(struct net *n, struct at *x, double low, double high);
void trained_quantize(struct net *n, const struct at *x, char *out);
void trained_dequantize(struct net *n, struct at *x);
/* Both, with what the form has between. */
void trained_pair(struct net *n, struct at *x);
void trained_quant(struct net *n, struct at *x, double scale, int bits,
		   bool is_signed);
/* Behind a layer, or the input: x has values in [low, high]. */
void trained_round(struct net *n, struct at *x, double low, double high);

#endif
