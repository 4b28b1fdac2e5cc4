/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pictures for calibration without photos: for each, a sum of seeded noise
 * on grids of falling size (as natural images have most power in low
 * frequencies), each picture in another contrast. Integers and exact floats
 * only.
 */
#include "quantizer/internal.h"

static uint64_t next_random(uint64_t *state)
{
	/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom
	 * number generators, 2014) */
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* In [-1, 1), a function of place alone. */
static float grid_value(uint64_t seed, int64_t place)
{
	uint64_t state = seed + (uint64_t)place * 0xd1342543de82ef95u;

	return (float)(int32_t)(next_random(&state) >> 32) / 2147483648.0f;
}

/* Bilinear between the points of a grid `cell` pixels wide. */
static float smooth(uint64_t seed, int64_t y, int64_t x, int64_t cell)
{
	int64_t gy = y / cell, gx = x / cell;
	float fy = (float)(y % cell) / (float)cell;
	float fx = (float)(x % cell) / (float)cell;
	float a = grid_value(seed, gy * 4096 + gx);
	float b = grid_value(seed, gy * 4096 + gx + 1);
	float c = grid_value(seed, (gy + 1) * 4096 + gx);
	float e = grid_value(seed, (gy + 1) * 4096 + gx + 1);

	return (a * (1 - fx) + b * fx) * (1 - fy) +
	       (c * (1 - fx) + e * fx) * fy;
}

static void draw(float *out, int64_t h, int64_t w, int64_t c, uint64_t seed,
		 struct input_range r)
{
	static const int64_t cells[] = { 64, 24, 8, 3, 1 };
	static const float power[] = { 0.45f, 0.3f, 0.15f, 0.07f, 0.03f };
	float middle = (r.low + r.high) / 2, reach = (r.high - r.low) / 2;
	float contrast = 0.6f + 0.4f * (float)(seed >> 32 & 3);

	for (int64_t i = 0; i < h * w * c; i++) {
		int64_t k = i % c, x = i / c % w, y = i / c / w;
		float v = 0;

		for (int level = 0; level < 5; level++) {
			/* Colours follow each other but for the coarse ones. */
			uint64_t s = seed + (uint64_t)level * 977 +
				     (level < 2 ? (uint64_t)k * 31337 : 0);

			v += power[level] * smooth(s, y, x, cells[level]);
		}
		v *= contrast * 2;
		v = v < -1 ? -1 : v > 1 ? 1 : v;
		out[i] = middle + reach * v;
	}
}

static int fill(void *ctx, int index, float *const *inputs, struct diag *d)
{
	const struct noise_samples *n = ctx;

	(void)d;
	for (int i = 0; i < n->g->input_count; i++) {
		const struct shape *s = &n->g->inputs[i]->shape;
		uint64_t state =
			n->seed + (uint64_t)index * 7919 + (uint64_t)i * 104729;
		uint64_t seed = next_random(&state);
		bool image = s->rank == 4;
		int64_t c = image ? s->dim[3] : 1, w = image ? s->dim[2] : 64;

		draw(inputs[i], shape_elements(s) / (w * c), w, c, seed,
		     n->range);
		for (int64_t k = shape_elements(s) / (w * c) * (w * c);
		     k < shape_elements(s); k++)
			inputs[i][k] = n->range.low;
	}
	return 0;
}

struct samples noise_samples(struct noise_samples *n)
{
	return (struct samples){ 16, fill, n };
}
