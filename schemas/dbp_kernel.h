/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBP_KERNEL_H
#define DBP_KERNEL_H

/*
 * Names and tile widths of the kernels for operators with weights, for the
 * host: the cost model prices kernels by these names, and reports show them.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A convolution, or a layer of one pixel, as the cost model knows it. */
struct dbp_kernel {
	const char *kind; /* "conv", "conv_transpose" */
	int depthwise, dilated;
	int weight_bits;     /* of the tiles */
	int64_t weight_most; /* the size that no weight, */
	int64_t input_most;  /* and no input code, is over */
	int64_t kernel_h, kernel_w, stride_w;
	int64_t columns, pixels; /* as in struct dbrt_conv_form */
};
#define DBP_SHORT_COLUMNS 64

/* What the kernels for a shape have in common, behind a dot. */
static inline const char *dbp_kernel_form(const struct dbp_kernel *k)
{
	if (k->depthwise) {
		if (k->kernel_h != 3 || k->kernel_w != 3 || k->dilated ||
		    k->stride_w > 2)
			return "";
		return k->stride_w == 1 ? ".3x3" : ".3x3s2";
	}
	if (strcmp(k->kind, "conv") != 0)
		return "";
	if (k->pixels == 1)
		return ".dense";
	if (k->columns <= DBP_SHORT_COLUMNS)
		return ".short";
	return k->kernel_h == 1 && k->kernel_w == 1 ? ".1x1" : "";
}

/* Weights in bytes are often small, and sums of small products may be short:
 * the bits of their sizes, 11 to 13; 0: up to 14, or the tiles tell. */
static inline int dbp_kernel_product_bits(const struct dbp_kernel *k)
{
	int64_t product = k->weight_most * k->input_most;
	int bits = 11;

	if (k->weight_bits != 8 || k->input_most <= 8)
		return 0;
	while (product >> bits)
		bits++;
	return bits > 13 ? 0 : bits;
}

/* Sums of a few products fit 8 bits: inputs of 4 bits, with weights of 2 bits
 * those of 5. */
static inline int dbp_kernel_has_short_sums(const struct dbp_kernel *k)
{
	return !k->depthwise && k->input_most <= (k->weight_bits == 2 ? 16 : 8);
}

/*
 * "conv_w2a8", "depthwise_w8a8.3x3", "conv_w8a8.1x1.p12": the operator, the
 * width of the weight tiles and of the input that the kernel is made for, then
 * the form of the shape and the bits of products, where these matter. `out` is
 * cut to `size` bytes.
 */
static inline void dbp_kernel_name(char *out, size_t size,
				   const struct dbp_kernel *k)
{
	int product = dbp_kernel_product_bits(k);
	char bits[8] = "";

	if (product)
		snprintf(bits, sizeof(bits), ".p%d", product);
	snprintf(out, size, "%s_w%da%d%s%s",
		 k->depthwise ? "depthwise" : k->kind, k->weight_bits,
		 dbp_kernel_has_short_sums(k) ? 4 : 8, dbp_kernel_form(k),
		 bits);
}

/* Width of the tiles that hold codes of `bits` bits: 2, 3, 4 or 8; depthwise
 * convolutions have no tiles of 3 bits. */
static inline int dbp_tile_bits(int bits, int depthwise)
{
	if (bits <= 2)
		return 2;
	if (bits > 4)
		return 8;
	return depthwise ? 4 : bits;
}

#endif
