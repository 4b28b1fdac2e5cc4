/* SPDX-License-Identifier: Apache-2.0 */
#include "testdata/doorbell/canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GRAIN .05f

/* ---- Numbers ---- */

struct dice dice_of(uint64_t seed)
{
	struct dice d = { seed * 2862933555777941757u + 3037000493u };

	dice_bits(&d);
	dice_bits(&d);
	return d;
}

uint32_t dice_bits(struct dice *d)
{
	uint64_t x;

	d->state = d->state * 6364136223846793005u + 1442695040888963407u;
	x = d->state ^ (d->state >> 33);
	x *= 0xff51afd7ed558ccdu;
	return (uint32_t)(x >> 32);
}

float dice_in(struct dice *d, float low, float high)
{
	float x = (float)(dice_bits(d) >> 8) / 16777216.0f;

	return low + (high - low) * x;
}

int dice_below(struct dice *d, int n)
{
	return (int)(((uint64_t)dice_bits(d) * (uint64_t)n) >> 32);
}

bool dice_chance(struct dice *d, float p)
{
	return dice_in(d, 0, 1) < p;
}

float sine(float x)
{
	float turns = x / (2 * PI), q, y;

	turns -= (float)(int)turns;
	if (turns > .5f)
		turns -= 1;
	if (turns < -.5f)
		turns += 1;
	if (turns > .25f)
		turns = .5f - turns;
	if (turns < -.25f)
		turns = -.5f - turns;
	y = turns * 2 * PI;
	q = y * y;
	return y * (1 - q / 6 * (1 - q / 20 * (1 - q / 42 * (1 - q / 72))));
}

float cosine(float x)
{
	return sine(x + PI / 2);
}

static uint32_t hash(uint32_t seed, int x, int y)
{
	uint32_t h = seed ^ ((uint32_t)x * 0x9e3779b1u) ^
		     ((uint32_t)y * 0x85ebca77u);

	h ^= h >> 15;
	h *= 0x2c1b3c6du;
	h ^= h >> 12;
	h *= 0x297a2d39u;
	return h ^ (h >> 15);
}

static float lattice(uint32_t seed, int x, int y)
{
	return (float)(hash(seed, x, y) >> 8) / 16777216.0f;
}

static float mixed(float a, float b, float t)
{
	return a + (b - a) * t;
}

float noise_at(uint32_t seed, float x, float y)
{
	int ix = (int)floorf(x), iy = (int)floorf(y);
	float fx = x - (float)ix, fy = y - (float)iy;

	fx = fx * fx * (3 - 2 * fx);
	fy = fy * fy * (3 - 2 * fy);
	return mixed(
		mixed(lattice(seed, ix, iy), lattice(seed, ix + 1, iy), fx),
		mixed(lattice(seed, ix, iy + 1), lattice(seed, ix + 1, iy + 1),
		      fx),
		fy);
}

/* ---- Colours and points ---- */

struct color color_of(float r, float g, float b)
{
	return (struct color){ r, g, b };
}

struct color color_scaled(struct color c, float by)
{
	return color_of(c.r * by, c.g * by, c.b * by);
}

struct color color_mixed(struct color a, struct color b, float t)
{
	return color_of(mixed(a.r, b.r, t), mixed(a.g, b.g, t),
			mixed(a.b, b.b, t));
}

struct color color_varied(struct dice *d, struct color c, float by)
{
	float r = dice_in(d, 1 - by, 1 + by);
	float g = dice_in(d, 1 - by, 1 + by);
	float b = dice_in(d, 1 - by, 1 + by);

	return color_of(c.r * r, c.g * g, c.b * b);
}

struct point at(float x, float y)
{
	return (struct point){ x, y };
}

struct point point_mixed(struct point a, struct point b, float t)
{
	return at(mixed(a.x, b.x, t), mixed(a.y, b.y, t));
}

/* ---- The canvas ---- */

bool canvas_new(struct canvas *c, int width, int height)
{
	size_t n = (size_t)width * (size_t)height;

	*c = (struct canvas){ .width = width, .height = height };
	c->rgb = calloc(3 * n, sizeof(*c->rgb));
	c->things = calloc(n, sizeof(*c->things));
	if (c->rgb && c->things)
		return true;
	canvas_free(c);
	return false;
}

void canvas_clear(struct canvas *c)
{
	size_t n = (size_t)c->width * (size_t)c->height;

	memset(c->rgb, 0, 3 * n * sizeof(*c->rgb));
	memset(c->things, 0, n * sizeof(*c->things));
}

void canvas_free(struct canvas *c)
{
	free(c->rgb);
	free(c->things);
	*c = (struct canvas){ 0 };
}

/* ---- Shapes, as signed distances: negative inside ---- */

struct extent {
	float x1, y1, x2, y2;
};

struct shape {
	float (*distance)(const struct shape *s, float x, float y);
	struct extent extent;
	struct point a, b;
	float ra, rb, sin, cos;
	const struct point *corners;
	int count;
};

static int whole(float x, int low, int high)
{
	return x <= (float)low ? low : x >= (float)high ? high : (int)x;
}

static void blend(struct canvas *c, int x, int y, struct color color,
		  float cover)
{
	size_t i = (size_t)y * (size_t)c->width + (size_t)x;
	float *p = c->rgb + 3 * i;

	p[0] = mixed(p[0], color.r, cover);
	p[1] = mixed(p[1], color.g, cover);
	p[2] = mixed(p[2], color.b, cover);
	if (cover >= .5f)
		c->things[i] = c->thing;
}

static float shade(const struct canvas *c, const struct extent *e, float x,
		   float y)
{
	float across = (2 * x - e->x1 - e->x2) / (e->x2 - e->x1 + 1);
	float down = (2 * y - e->y1 - e->y2) / (e->y2 - e->y1 + 1);
	float grain = noise_at(c->grain_seed, x * .45f, y * .45f) - .5f;

	return 1 + c->contrast * (c->light_x * across - .5f * down) +
	       2 * GRAIN * grain;
}

static void paint(struct canvas *c, const struct shape *s, struct color color)
{
	const struct extent *e = &s->extent;
	int y1 = whole(e->y1 - 1, 0, c->height);
	int y2 = whole(e->y2 + 2, 0, c->height);
	int x1 = whole(e->x1 - 1, 0, c->width);
	int x2 = whole(e->x2 + 2, 0, c->width);

	for (int y = y1; y < y2; y++)
		for (int x = x1; x < x2; x++) {
			float px = (float)x + .5f, py = (float)y + .5f;
			float d = s->distance(s, px, py);

			if (d < .5f)
				blend(c, x, y,
				      color_scaled(color, shade(c, e, px, py)),
				      d < -.5f ? 1 : .5f - d);
		}
}

static float capsule_distance(const struct shape *s, float x, float y)
{
	float dx = s->b.x - s->a.x, dy = s->b.y - s->a.y;
	float px = x - s->a.x, py = y - s->a.y;
	float length = dx * dx + dy * dy;
	float t = length > 0 ? (px * dx + py * dy) / length : 0;

	t = t < 0 ? 0 : t > 1 ? 1 : t;
	px -= t * dx;
	py -= t * dy;
	return sqrtf(px * px + py * py) - mixed(s->ra, s->rb, t);
}

void paint_capsule(struct canvas *c, struct point a, float ra, struct point b,
		   float rb, struct color color)
{
	float r = ra > rb ? ra : rb;
	struct shape s = {
		.distance = capsule_distance, .a = a, .b = b, .ra = ra, .rb = rb
	};

	s.extent.x1 = (a.x < b.x ? a.x : b.x) - r;
	s.extent.x2 = (a.x > b.x ? a.x : b.x) + r;
	s.extent.y1 = (a.y < b.y ? a.y : b.y) - r;
	s.extent.y2 = (a.y > b.y ? a.y : b.y) + r;
	paint(c, &s, color);
}

static float ellipse_distance(const struct shape *s, float x, float y)
{
	float px = x - s->a.x, py = y - s->a.y;
	float u = (px * s->cos + py * s->sin) / s->ra;
	float v = (py * s->cos - px * s->sin) / s->rb;

	return (sqrtf(u * u + v * v) - 1) * (s->ra < s->rb ? s->ra : s->rb);
}

void paint_ellipse(struct canvas *c, struct point center, float rx, float ry,
		   float angle, struct color color)
{
	float sin = sine(angle), cos = cosine(angle);
	float w = sqrtf(rx * rx * cos * cos + ry * ry * sin * sin);
	float h = sqrtf(rx * rx * sin * sin + ry * ry * cos * cos);
	struct shape s = { .distance = ellipse_distance,
			   .extent = { center.x - w, center.y - h, center.x + w,
				       center.y + h },
			   .a = center,
			   .ra = rx,
			   .rb = ry,
			   .sin = sin,
			   .cos = cos };

	if (rx > 0 && ry > 0)
		paint(c, &s, color);
}

static float box_distance(const struct shape *s, float x, float y)
{
	float dx = fabsf(x - (s->a.x + s->b.x) / 2) - (s->b.x - s->a.x) / 2;
	float dy = fabsf(y - (s->a.y + s->b.y) / 2) - (s->b.y - s->a.y) / 2;
	float inside;

	dx += s->ra;
	dy += s->ra;
	inside = dx > dy ? dx : dy;
	dx = dx > 0 ? dx : 0;
	dy = dy > 0 ? dy : 0;
	return sqrtf(dx * dx + dy * dy) + (inside < 0 ? inside : 0) - s->ra;
}

void paint_box(struct canvas *c, float x1, float y1, float x2, float y2,
	       float round, struct color color)
{
	struct shape s = { .distance = box_distance,
			   .extent = { x1, y1, x2, y2 },
			   .a = at(x1, y1),
			   .b = at(x2, y2),
			   .ra = round };

	paint(c, &s, color);
}

static float edge_distance(struct point a, struct point b, float x, float y)
{
	struct shape s = { .a = a, .b = b };

	return capsule_distance(&s, x, y);
}

static float polygon_distance(const struct shape *s, float x, float y)
{
	float nearest = 1e9f;
	bool inside = false;

	for (int i = 0, j = s->count - 1; i < s->count; j = i++) {
		struct point p = s->corners[i], q = s->corners[j];
		float d = edge_distance(p, q, x, y);

		nearest = d < nearest ? d : nearest;
		if ((p.y > y) != (q.y > y) &&
		    x < (q.x - p.x) * (y - p.y) / (q.y - p.y) + p.x)
			inside = !inside;
	}
	return inside ? -nearest : nearest;
}

void paint_polygon(struct canvas *c, const struct point *corners, int count,
		   struct color color)
{
	struct shape s = { .distance = polygon_distance,
			   .extent = { 1e9f, 1e9f, -1e9f, -1e9f },
			   .corners = corners,
			   .count = count };

	for (int i = 0; i < count; i++) {
		struct extent *e = &s.extent;

		e->x1 = corners[i].x < e->x1 ? corners[i].x : e->x1;
		e->x2 = corners[i].x > e->x2 ? corners[i].x : e->x2;
		e->y1 = corners[i].y < e->y1 ? corners[i].y : e->y1;
		e->y2 = corners[i].y > e->y2 ? corners[i].y : e->y2;
	}
	paint(c, &s, color);
}

void paint_glow(struct canvas *c, struct point center, float rx, float ry,
		float strength, struct color tint)
{
	int y1 = whole(center.y - ry, 0, c->height);
	int y2 = whole(center.y + ry + 1, 0, c->height);
	int x1 = whole(center.x - rx, 0, c->width);
	int x2 = whole(center.x + rx + 1, 0, c->width);

	for (int y = y1; y < y2; y++)
		for (int x = x1; x < x2; x++) {
			float u = ((float)x + .5f - center.x) / rx;
			float v = ((float)y + .5f - center.y) / ry;
			float d = 1 - u * u - v * v;
			float *p = c->rgb + 3 * ((size_t)y * (size_t)c->width +
						 (size_t)x);

			if (d <= 0)
				continue;
			d = strength * d * d;
			p[0] = mixed(p[0], tint.r, d);
			p[1] = mixed(p[1], tint.g, d);
			p[2] = mixed(p[2], tint.b, d);
		}
}
