/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fuzz_networks.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/fuzz_seed.h"
#include "tests/support/onnx_op_models.h"
#include "tests/support/random_network.h"
#include "tests/support/small_conversion.h"

void fuzz_seed_networks(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct network n;
		char name[32];
		uint8_t *file;
		size_t bytes;

		random_network_build(&n, i);
		bytes = onnx_builder_finish(&n.builder, &file);
		snprintf(name, sizeof(name), "net-%u.onnx", i);
		fuzz_seed(name, file, bytes);
		random_network_free(&n);
	}
}

void fuzz_seed_operators(void)
{
	struct onnx_builder b;
	const char *op;

	for (uint32_t i = 0;; i++) {
		char name[64];
		uint8_t *file;
		size_t bytes;

		onnx_builder_init(&b);
		op = onnx_op_model(&b, i);
		if (!op)
			break;
		bytes = onnx_builder_finish(&b, &file);
		snprintf(name, sizeof(name), "op-%u-%s.onnx", i, op);
		fuzz_seed(name, file, bytes);
		onnx_builder_free(&b);
	}
	onnx_builder_free(&b);
}

void fuzz_config(struct config *c, uint32_t number)
{
	static const int widths[] = { 8, 4, 3, 2 };

	config_init(c);
	c->jobs = 1;
	c->bits = widths[number & 3];
	c->act_bits = number & 0x1c ? 8 : 4;
	c->uniform = true;
	c->resize = (enum resize_rule)(number >> 5 & 3) % 3;
	c->color = number >> 7 & 1 ? COLOR_BGR : COLOR_RGB;
	if (!(number >> 8 & 3))
		c->methods = 0;
}

static void seed_packed(uint32_t i)
{
	struct packed packed = { 0 };
	struct network n;
	struct config c;
	struct arena a;
	struct diag d;
	char name[32];
	uint8_t *file;
	size_t bytes;

	random_network_build(&n, i);
	bytes = onnx_builder_finish(&n.builder, &file);
	fuzz_config(&c, i * 37);
	c.model_path = fuzz_file("seed.onnx", file, bytes);
	arena_init(&a, 0);
	diag_init(&d);
	snprintf(name, sizeof(name), "net-%u.dbp", i);
	if (!convert_small(&c, i & 1, &a, &packed, &d))
		fuzz_seed(name, packed.file, packed.file_size);
	arena_free(&a);
	diag_free(&d);
	random_network_free(&n);
}

void fuzz_seed_packed_networks(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		seed_packed(i);
}
