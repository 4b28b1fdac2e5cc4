/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBC_QUANTIZER_GRAPH_INTEGER_NODES_H
#define DBC_QUANTIZER_GRAPH_INTEGER_NODES_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/graph.h"

/* The device computes n on integers. */
bool node_is_integer(const struct node *n);
/* n is a Conv, ConvTranspose or Gemm outside the decode tail, and its weights
 * are a float constant: they are quantized. */
bool node_has_weights(const struct node *n);
/* Output values of such an operator are input values, or lie between them, so
 * both have one scale. */
bool node_keeps_scale(enum op op);
/* n is unary and all its parameters are constants: the device computes it by a
 * table of the input's codes. */
bool node_is_table(const struct node *n);

/*
 * The grid of a Quant node (QONNX), as signed codes of the device: quantization
 * aware training gave it. The function returns false where n is no Quant, or
 * where the device has no such grid.
 */
struct trained_grid {
	float scale;
	int32_t zero_point;
	int bits;      /* 2 to 8 */
	int low, high; /* codes in use: all of them, but for narrow grids */
};
bool trained_grid(const struct node *n, struct trained_grid *grid);
/* A Quant with a grid of more codes than the device has. */
bool finer_grid(const struct node *n, float *scale);
/* The grid uses all codes of its bits. */
bool trained_grid_fills(const struct trained_grid *grid);
/* What computes v can clamp to the codes of the grid. */
bool value_clamps_to(const struct value *v, const struct trained_grid *grid);

/* The only reader of v, where the device computes it by a table of v's codes;
 * otherwise NULL. */
const struct node *value_table_reader(const struct value *v);
/* The same where v is the output of a Conv, whose kernel looks up the table
 * itself, one for all channels: v is never stored, and may have codes of more
 * than 8 bits. */
const struct node *value_accumulator_table(const struct value *v);

#endif
