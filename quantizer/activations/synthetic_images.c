/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Synthetic images for data-free calibration: the dead leaves model (Lee,
 * Mumford and Huang, "Occlusion models for natural images", IJCV 2001). Objects
 * of all sizes occlude each other, few large ones and many small ones, as in
 * photos; each has its own shade and texture. Inputs that are not images get
 * smooth noise. Only integers and IEEE float operations: the
 * same bytes on every machine.
 */
#include "quantizer/activations/synthetic_images.h"

#include <math.h>

#include "base/random.h"

#define IMAGES 32
#define OBJECTS 400     /* per image */
#define RADIUS_MIN 2.0f /* pixels */

/* In [-1, 1), a function of seed and place only. */
static float grid_value(uint64_t seed, int64_t place)
{
	uint64_t state = seed + (uint64_t)place * 0xd1342543de82ef95u;

	return (float)(int32_t)(random_next(&state) >> 32) / 2147483648.0f;
}

/* Bilinear between the points of a grid `cell` pixels wide. */
static float smooth_noise(uint64_t seed, int64_t y, int64_t x, int64_t cell)
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

/* Maps v from [-1, 1] to the range, and clips it. */
static float in_range(float v, struct input_range r)
{
	float middle = (r.low + r.high) / 2, reach = (r.high - r.low) / 2;

	v = v < -1 ? -1 : v > 1 ? 1 : v;
	return middle + reach * v;
}

/* A sum of noise on finer and finer grids, in one of four contrasts. */
static void fill_noise(float *out, int64_t h, int64_t w, int64_t c,
		       uint64_t seed, struct input_range r)
{
	static const int64_t cells[] = { 64, 24, 8, 3, 1 };
	static const float power[] = { 0.45f, 0.3f, 0.15f, 0.07f, 0.03f };
	float contrast = 0.6f + 0.4f * (float)(seed >> 32 & 3);

	for (int64_t i = 0; i < h * w * c; i++) {
		int64_t k = i % c, x = i / c % w, y = i / c / w;
		float v = 0;

		for (int level = 0; level < 5; level++) {
			/* all channels share noise, except the two coarsest
			 * levels */
			uint64_t s = seed + (uint64_t)level * 977 +
				     (level < 2 ? (uint64_t)k * 31337 : 0);

			v += power[level] * smooth_noise(s, y, x, cells[level]);
		}
		out[i] = in_range(v * (contrast * 2), r);
	}
}

/* An object that occludes everything drawn before it. */
struct image_object {
	float x, y, radius;
	float slope_x, slope_y; /* of its shade, per radius */
	float texture;
	int64_t cell;
	uint64_t seed;
	bool round;
};

static float random_unit(uint64_t *state)
{
	return (float)(random_next(state) >> 40) / 16777216.0f;
}

/* Radii with density 1/r^3 between the limits: the image statistics are then
 * scale-invariant. */
static float random_radius(uint64_t *state, float most)
{
	float u = random_unit(state);

	return 1 /
	       sqrtf(u / (RADIUS_MIN * RADIUS_MIN) + (1 - u) / (most * most));
}

/* Pixels [*first, *end) of a line of n that lie within the radius. */
static void clip_span(float centre, float radius, int64_t n, int64_t *first,
		      int64_t *end)
{
	float low = centre - radius, high = centre + radius + 1;

	*first = low < 0 ? 0 : (int64_t)low;
	*end = high > (float)n ? n : (int64_t)high;
}

static void draw_object(float *out, int64_t h, int64_t w, int64_t c,
			const struct image_object *t, struct input_range r)
{
	int64_t top, bottom, left, right;

	clip_span(t->y, t->radius, h, &top, &bottom);
	clip_span(t->x, t->radius, w, &left, &right);
	for (int64_t y = top; y < bottom; y++)
		for (int64_t x = left; x < right; x++) {
			float dx = ((float)x - t->x) / t->radius;
			float dy = ((float)y - t->y) / t->radius;
			float shade;

			if (t->round && dx * dx + dy * dy > 1)
				continue;
			shade = dx * t->slope_x + dy * t->slope_y +
				t->texture *
					smooth_noise(t->seed, y, x, t->cell);
			for (int64_t k = 0; k < c; k++)
				out[(y * w + x) * c + k] = in_range(
					shade + grid_value(t->seed, -1 - k), r);
		}
}

/* The first object is the background. */
static void draw_objects(float *out, int64_t h, int64_t w, int64_t c,
			 uint64_t seed, struct input_range r)
{
	float size = (float)(h < w ? h : w);
	uint64_t state = seed;

	for (int i = 0; i < OBJECTS; i++) {
		struct image_object t = {
			.x = random_unit(&state) * (float)w,
			.y = random_unit(&state) * (float)h,
			.radius = i ? random_radius(&state, size / 3) :
				      (float)(h + w),
			.slope_x = random_unit(&state) - 0.5f,
			.slope_y = random_unit(&state) - 0.5f,
			.texture = random_unit(&state) * 0.5f,
			.cell = 1 + (int64_t)(random_next(&state) % 8),
		};

		t.seed = random_next(&state);
		t.round = t.seed & 1;
		draw_object(out, h, w, c, &t, r);
	}
}

static bool is_image(const struct shape *s)
{
	return s->rank == 4 && s->dim[3] <= 4;
}

/* The values of an input of the type. Numbers of more bits are often indices:
 * small ones exist. */
static struct input_range range_of(const struct synthetic_images *p, int input)
{
	switch (p->g->inputs[input]->declared) {
	case DT_NONE:
		return p->range;
	case DT_U8:
		return (struct input_range){ 0, 255 };
	case DT_I8:
		return (struct input_range){ -128, 127 };
	default:
		return (struct input_range){ 0, 1 };
	}
}

static void round_all(float *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		x[i] = floorf(x[i] + 0.5f);
}

static int fill_sample(void *ctx, int index, float *const *inputs,
		       struct diag *d)
{
	const struct synthetic_images *p = ctx;

	(void)d;
	for (int i = 0; i < p->g->input_count; i++) {
		const struct shape *s = &p->g->inputs[i]->shape;
		uint64_t state =
			p->seed + (uint64_t)index * 7919 + (uint64_t)i * 104729;
		uint64_t seed = random_next(&state);
		struct input_range r = range_of(p, i);
		bool image = s->rank == 4;
		int64_t c = image ? s->dim[3] : 1, w = image ? s->dim[2] : 64;

		(is_image(s) ? draw_objects : fill_noise)(
			inputs[i], shape_elements(s) / (w * c), w, c, seed, r);
		for (int64_t k = shape_elements(s) / (w * c) * (w * c);
		     k < shape_elements(s); k++)
			inputs[i][k] = r.low;
		if (p->g->inputs[i]->declared != DT_NONE)
			round_all(inputs[i], shape_elements(s));
	}
	return 0;
}

bool synthetic_images_suit(const struct graph *g)
{
	for (int i = 0; i < g->input_count; i++)
		if (!is_image(&g->inputs[i]->shape))
			return false;
	return true;
}

struct samples synthetic_images(struct synthetic_images *p)
{
	return (struct samples){ IMAGES, fill_sample, p };
}
