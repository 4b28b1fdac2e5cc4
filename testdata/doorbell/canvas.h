/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOORBELL_CANVAS_H
#define DOORBELL_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#define PI 3.14159265f
#define MAX_CORNERS 12

/* Numbers that depend on the seed alone, on every machine. */
struct dice {
	uint64_t state;
};
struct dice dice_of(uint64_t seed);
uint32_t dice_bits(struct dice *d);
float dice_in(struct dice *d, float low, float high); /* low <= x < high */
int dice_below(struct dice *d, int n);
bool dice_chance(struct dice *d, float p);

/* Sine and cosine from adds and multiplies: the same bits everywhere. */
float sine(float x);
float cosine(float x);

struct color {
	float r, g, b;
};
struct color color_of(float r, float g, float b);
struct color color_scaled(struct color c, float by);
struct color color_mixed(struct color a, struct color b, float t);
/* Each channel by up to `by` more or less. */
struct color color_varied(struct dice *d, struct color c, float by);

/*
 * A picture of linear light, and the thing that each pixel shows: what is
 * painted belongs to `thing` (0: the background) where it covers half of a
 * pixel and more. Shapes are painted with soft edges, a little brighter on
 * the side of the light, and with grain of the canvas's own.
 */
struct canvas {
	int width, height;
	float light_x;  /* -1 to 1: from where shapes are lit */
	float contrast; /* how much */
	uint32_t grain_seed;
	uint16_t thing;
	float *rgb;       /* [height][width][3] */
	uint16_t *things; /* [height][width] */
};
/* False when memory is exhausted. */
bool canvas_new(struct canvas *c, int width, int height);
void canvas_clear(struct canvas *c);
void canvas_free(struct canvas *c);

struct point {
	float x, y;
};
struct point at(float x, float y);
struct point point_mixed(struct point a, struct point b, float t);

/* From a to b, of radius ra at a and rb at b. */
void paint_capsule(struct canvas *c, struct point a, float ra, struct point b,
		   float rb, struct color color);
void paint_ellipse(struct canvas *c, struct point center, float rx, float ry,
		   float angle, struct color color);
/* Sides parallel to the axes, `round` off each corner. */
void paint_box(struct canvas *c, float x1, float y1, float x2, float y2,
	       float round, struct color color);
/* Any simple polygon of up to MAX_CORNERS corners. */
void paint_polygon(struct canvas *c, const struct point *corners, int count,
		   struct color color);
/* Darkens (strength > 0) or lightens (< 0) an ellipse, softly. */
void paint_glow(struct canvas *c, struct point center, float rx, float ry,
		float strength, struct color tint);

/* Smooth noise of 0..1, features of about one unit. */
float noise_at(uint32_t seed, float x, float y);

#endif
