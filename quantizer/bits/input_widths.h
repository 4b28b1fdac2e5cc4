/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_BITS_INPUT_WIDTHS_H
#define DBC_QUANTIZER_BITS_INPUT_WIDTHS_H

#include <stddef.h>
#include <stdint.h>

/* Widths that the input of a layer may have, in bits, the widest first. */
#define INPUT_WIDTHS 4
static inline int input_width_bits(int width)
{
	static const int8_t bits[INPUT_WIDTHS] = { 8, 6, 5, 4 };

	return bits[width];
}

/* A scale group of activations whose width is chosen together with the formats
 * of the layers that read it. */
struct input_group {
	uint32_t group;            /* its leading value */
	double loss[INPUT_WIDTHS]; /* of the heads, beyond that at 8 bits */
};

struct input_groups {
	struct input_group *rows;
	int count;
	int *of_layer; /* by layer: which one it reads, or -1 */
};

/* The group that a layer reads; -1: its width is not chosen. in: NULL or empty
 * where none is. */
static inline int input_group_of(const struct input_groups *in, int layer)
{
	return in && in->count ? in->of_layer[layer] : -1;
}

/* The width of a layer's input, with the chosen widths by group. */
static inline int input_width_of(const struct input_groups *in,
				 const int *widths, int layer)
{
	int group = input_group_of(in, layer);

	return group < 0 ? 0 : widths[group];
}

#endif
