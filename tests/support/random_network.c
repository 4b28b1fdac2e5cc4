/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/random_network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/network_blocks.h"
#include "tests/support/network_heads.h"
#include "tests/support/network_layers.h"
#include "tests/support/random.h"

/* ---- Inputs ---- */

static bool channels_last(const struct network *n)
{
	return n->rank == 4 && n->dim[3] < 8;
}

/* Index `i` by channel, row and column. */
static void place(const struct network *n, int64_t i, int64_t at[3])
{
	struct ref_tensor t = { .rank = n->rank };
	int64_t index[REF_MAX_RANK];

	memcpy(t.dim, n->dim, sizeof(t.dim));
	ref_index(&t, i, index);
	at[0] = index[channels_last(n) ? 3 : 1];
	at[1] = index[channels_last(n) ? 1 : 2];
	at[2] = n->rank > 3 ? index[channels_last(n) ? 2 : 3] : 0;
}

void random_network_input(const struct network *n, uint32_t seed, double *x)
{
	uint32_t state = 0x9e3779b9u * (seed + 1);
	double offset[8], slope[8][2];
	int64_t count = 1, at[3];

	for (int d = 0; d < n->rank; d++)
		count *= n->dim[d];
	for (int c = 0; c < 8; c++) {
		offset[c] = 0.3 * (double)random_signed(&state);
		slope[c][0] = 0.03 * (double)random_signed(&state);
		slope[c][1] = 0.03 * (double)random_signed(&state);
	}
	for (int64_t i = 0; i < count; i++) {
		place(n, i, at);
		x[i] = offset[at[0]] + slope[at[0]][0] * (double)at[1] +
		       slope[at[0]][1] * (double)at[2] +
		       0.5 * (double)random_signed(&state);
		x[i] = fmax(-1, fmin(1, x[i]));
		if (n->data_type == ONNX_UINT8)
			x[i] = floor(127.5 + 127.5 * x[i]);
		else
			x[i] = (double)(float)x[i];
	}
}

static void pick_shape(struct network *n)
{
	int64_t channels = (int64_t)NET_CHOOSE(n, 1, 3, 3, 3, 4, 2, 6);
	int64_t h = net_pick(n, 8, 20), w = net_pick(n, 8, 20);

	n->dim[0] = 1;
	if (net_chance(n, 12)) {
		n->rank = 3;
		n->dim[1] = channels;
		n->dim[2] = net_pick(n, 24, 64);
		return;
	}
	n->rank = 4;
	if (net_chance(n, 12)) {
		memcpy(n->dim + 1, (int64_t[]){ h, w, channels },
		       3 * sizeof(h));
		return;
	}
	memcpy(n->dim + 1, (int64_t[]){ channels, h, w }, 3 * sizeof(h));
}

static void declare_input(struct network *n)
{
	char shape[64];
	int used = 0;

	for (int d = 0; d < n->rank; d++)
		used += snprintf(shape + used, sizeof(shape) - (size_t)used,
				 "%s%d", d ? "x" : "", (int)n->dim[d]);
	onnx_build_input(&n->builder, "x", n->data_type, shape);
}

static void set_sample(struct network *n)
{
	int64_t count = 1;
	double *x;

	for (int d = 0; d < n->rank; d++)
		count *= n->dim[d];
	x = arena_array(&n->builder.arena, (size_t)count, sizeof(*x));
	assert_non_null(x);
	random_network_input(n, 1000, x);
	reference_set(&n->sample, "x", n->rank, n->dim, x);
}

/* The first map: the input as floats with the channels in front. */
static const char *first_map(struct network *n)
{
	static const int64_t first[] = { 0, 3, 1, 2 };
	const char *x = "x";
	Onnx__NodeProto *p;

	if (n->data_type == ONNX_UINT8) {
		p = net_node(n, "Cast", "%s", x);
		net_set_int(n, p, "to", ONNX_FLOAT);
		x = net_done(n, p);
		if (net_chance(n, 30))
			x = net_binary(n, "Sub", x, net_number(n, 127.5));
		x = net_binary(n, "Div", x, net_number(n, 127.5));
	}
	return channels_last(n) ? net_transpose(n, x, first) : x;
}

/* ---- Networks ---- */

/* Maps of trained networks are neither huge nor zero. */
static const char *settled(struct network *n, const char *x)
{
	double p = net_power(n, x);

	return p < 1.0 / 64 || p > 64 ? net_batch_norm(n, x) : x;
}

static void grow(struct network *n)
{
	int blocks = net_pick(n, 2, 12);

	for (int tries = 0; blocks > 0 && tries < 200; tries++) {
		int newest = n->map_count - 1;
		const char *x =
			n->maps[net_chance(n, 75) ? newest :
						    net_pick(n, 0, newest)];

		x = net_block(n, x);
		if (!x)
			continue;
		n->maps[n->map_count++] = settled(n, x);
		blocks--;
	}
}

/* No value twice, and not the input. */
static void add_output(struct network *n, const char *x)
{
	const Onnx__GraphProto *g = &n->builder.graph;
	bool taken = !strcmp(x, "x");

	for (size_t i = 0; i < g->n_output; i++)
		taken |= !strcmp(g->output[i]->name, x);
	if (!taken)
		onnx_build_output(&n->builder, x);
}

void random_network_build(struct network *n, uint32_t seed)
{
	memset(n, 0, sizeof(*n));
	n->state = seed * 2654435761u + 12345;
	onnx_builder_init(&n->builder);
	n->builder.opset->version =
		(int64_t)NET_CHOOSE(n, 11, 12, 13, 14, 17, 18, 20);
	n->data_type = net_chance(n, 10) ? ONNX_UINT8 : ONNX_FLOAT;
	pick_shape(n);
	declare_input(n);
	reference_init(&n->sample, &n->builder);
	set_sample(n);
	n->maps[n->map_count++] = first_map(n);
	grow(n);
	add_output(n, net_head(n, n->maps[n->map_count - 1]));
	if (net_chance(n, 30))
		add_output(
			n,
			net_head(n, n->maps[net_pick(n, 1, n->map_count - 1)]));
	if (net_chance(n, 25))
		add_output(n, n->maps[net_pick(n, 1, n->map_count - 1)]);
}

void random_network_free(struct network *n)
{
	reference_free(&n->sample);
	onnx_builder_free(&n->builder);
}
